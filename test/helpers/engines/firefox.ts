/** An installed Firefox, headless, by WebDriver BiDi. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findTool } from '../../../scripts/tools.mjs'
import { connectBidi } from './bidi.ts'
import type { Bidi } from './bidi.ts'
import { clickAt, pressing, typing } from './keys.ts'
import type { Actions } from './keys.ts'
import type { Browser, LaunchOptions, Tab } from './tab.ts'

/** A log entry of BiDi, as far as it is looked at. */
interface LogEntry {
  level: string
  text: string | null
  source: { context?: string }
}

/** Starts Firefox. @throws Error when there is none */
export async function openFirefox({ hosts = [] }: LaunchOptions): Promise<Browser> {
  const program = findTool('firefox')
  if (program === undefined) throw new Error('There is no Firefox. `npm test` installs it or says how.')
  const folder = await mkdtemp(join(tmpdir(), 'lumika-firefox-'))
  // What keeps a driven browser quiet, Firefox sets itself. Visitors have link prefetch on.
  const settings = { 'network.dns.localDomains': hosts.join(','), 'network.prefetch-next': true }
  await writeFile(join(folder, 'user.js'), preferences(settings))
  const child = spawn(program, ['--headless', '--profile', folder, '--remote-debugging-port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const bidi = await connectBidi(`${await addressOf(child)}/session`)
  const { capabilities } = await bidi.send<{ capabilities: { browserVersion: string } }>('session.new', {
    capabilities: { alwaysMatch: { acceptInsecureCerts: true } },
  })
  await bidi.send('session.subscribe', { events: ['log.entryAdded'] })

  return {
    version: capabilities.browserVersion,
    async newProfile() {
      const { userContext } = await bidi.send<{ userContext: string }>('browser.createUserContext')
      return openTab(bidi, userContext, true)
    },
    async close() {
      await bidi.send('browser.close').catch(() => child.kill('SIGKILL'))
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function openTab(bidi: Bidi, userContext: string, isFirst: boolean): Promise<Tab> {
  const { context } = await bidi.send<{ context: string }>('browsingContext.create', { type: 'tab', userContext })
  const problems: string[] = []
  bidi.on('log.entryAdded', (entry) => {
    const { level, text, source } = entry as unknown as LogEntry
    if (source.context === context && ['error', 'warn'].includes(level)) problems.push(text ?? '')
  })
  const perform = (actions: Actions) => bidi.send('input.performActions', { context, actions })

  return {
    navigate: async (url) => void (await bidi.send('browsingContext.navigate', { context, url, wait: 'complete' })),
    reload: async () => void (await bidi.send('browsingContext.reload', { context, wait: 'complete' })),
    async evaluate(expression) {
      const answer = await bidi.send<{ result: { value: string }; exceptionDetails?: { text: string } }>(
        'script.evaluate',
        { expression, target: { context }, awaitPromise: true, userActivation: false },
      )
      if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.text)
      return answer.result.value
    },
    click: async (x, y) => void (await perform(clickAt(x, y))),
    type: async (text) => void (await perform(typing(text))),
    press: async (keys) => void (await perform(pressing(keys))),
    async screenshot() {
      const { data } = await bidi.send<{ data: string }>('browsingContext.captureScreenshot', { context })
      return Buffer.from(data, 'base64')
    },
    resize: async (width, height) =>
      void (await bidi.send('browsingContext.setViewport', { context, viewport: { width, height } })),
    setOffline: async (isOffline) =>
      void (await bidi.send('emulation.setNetworkConditions', {
        networkConditions: isOffline ? { type: 'offline' } : null,
        userContexts: [userContext],
      })),
    problems: async () => [...problems],
    open: () => openTab(bidi, userContext, false),
    close: async () =>
      void (await (isFirst
        ? bidi.send('browser.removeUserContext', { userContext })
        : bidi.send('browsingContext.close', { context }))),
  }
}

/** A profile's `user.js`. */
const preferences = (settings: Record<string, string | number | boolean>): string =>
  Object.entries(settings)
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    .join('')

/** Where it listens, which it says once it does. */
async function addressOf(child: ChildProcess): Promise<string> {
  let said = ''
  for await (const chunk of child.stderr as AsyncIterable<Buffer>) {
    said += chunk.toString()
    const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1]
    if (found !== undefined) {
      // What it says later is read, or it would stop when nobody does.
      child.stderr?.resume()
      return found
    }
  }
  throw new Error(`Firefox did not start:\n${said}`)
}
