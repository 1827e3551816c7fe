/** The programs the tests need beside Node: where they are, and how they get there. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** @typedef {{ title: string, names: string[], variable: string, debian: string }} Tool */

/** @type {Record<'chromium' | 'firefox' | 'webkit' | 'display' | 'openssl' | 'redis' | 'nginx', Tool>} */
const tools = {
  chromium: {
    title: 'Chromium',
    names: ['chromium', 'chromium-browser', 'google-chrome'],
    variable: 'LUMIKA_CHROMIUM',
    debian: 'chromium',
  },
  firefox: {
    title: 'Firefox',
    names: ['firefox-esr', 'firefox'],
    variable: 'LUMIKA_FIREFOX',
    debian: 'firefox-esr',
  },
  webkit: {
    title: "WebKitGTK's driver",
    names: ['WebKitWebDriver'],
    variable: 'LUMIKA_WEBKIT_DRIVER',
    debian: 'webkit2gtk-driver',
  },
  // WebKitGTK draws on a display or not at all.
  display: { title: 'Xvfb', names: ['Xvfb'], variable: 'LUMIKA_XVFB', debian: 'xvfb' },
  openssl: { title: 'OpenSSL', names: ['openssl'], variable: 'LUMIKA_OPENSSL', debian: 'openssl' },
  redis: { title: 'Redis', names: ['redis-server'], variable: 'LUMIKA_REDIS_SERVER', debian: 'redis-server' },
  nginx: { title: 'nginx', names: ['nginx'], variable: 'LUMIKA_NGINX', debian: 'nginx' },
}

/**
 * The program's path; undefined when it is not installed.
 *
 * @param {keyof typeof tools} name
 * @returns {string | undefined}
 */
export function findTool(name) {
  const { names, variable } = tools[name]
  if (process.env[variable]) return process.env[variable]
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/usr/local/bin']
  return names.flatMap((program) => folders.map((folder) => join(folder, program))).find((path) => existsSync(path))
}

/**
 * Installs what is missing where that needs no question: on Debian and its kin, as root.
 *
 * @returns {string | null} what the reader has to do; null when everything is there
 */
export function ensureTools() {
  const missing = () => Object.entries(tools).filter(([name]) => !findTool(/** @type {keyof typeof tools} */ (name)))
  const packages = missing().map(([, tool]) => tool.debian)
  if (packages.length === 0) return null

  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const apt = (/** @type {string[]} */ ...args) =>
      spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env })
    apt('update')
    apt('install', '-y', '--no-install-recommends', ...packages)
  }
  const left = missing().map(([, { title, variable }]) => `${title} (or name its program in ${variable})`)
  if (left.length === 0) return null
  return `The tests need ${left.join(' and ')}. On Debian or Ubuntu: sudo apt-get install ${packages.join(' ')}`
}
