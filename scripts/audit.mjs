/**
 * `npm run audit`: asks the registry for known holes in what is locked. Exit code 0: none; 1: some, or the lockfile is not
 * as it should be; 2: nobody could be asked, which is no good news and must not look like it.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { problemsOf } from './lockfile.mjs'

const say = (/** @type {string} */ line) => void process.stdout.write(`${line}\n`)

/** @type {import('./lockfile.mjs').Lockfile} */
const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const problems = problemsOf(lockfile)
for (const problem of problems) say(`package-lock.json: ${problem}`)

const { stdout, stderr } = spawnSync('npm', ['audit', '--json'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
const report = parse(stdout)
if (!report?.metadata) {
  say('The registry did not answer which packages have known holes, so nothing is known about them.')
  say(report?.message ?? stderr.trim())
  say('Ask again where its audit endpoint can be reached, or name another registry: npm run audit --registry=…')
  process.exitCode = 2
} else {
  const found = Object.values(report.vulnerabilities ?? {})
  for (const { name, severity, range, nodes } of found) say(`${severity}: ${name} ${range} (${nodes.join(', ')})`)
  say(`${Object.keys(lockfile.packages).length - 1} packages asked about, ${found.length} with known holes.`)
  process.exitCode = found.length + problems.length > 0 ? 1 : 0
}

/**
 * @param {string} text
 * @returns {{
 *   metadata?: object,
 *   message?: string,
 *   vulnerabilities?: Record<string, { name: string, severity: string, range: string, nodes: string[] }>
 * } | null}
 */
function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
