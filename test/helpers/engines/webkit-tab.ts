/** A tab of WebKitGTK's MiniBrowser, by classic WebDriver. */
import { setTimeout as sleep } from 'node:timers/promises'
import { charactersOf, clickAt, pressing, typing } from './keys.ts'
import type { Actions } from './keys.ts'
import type { Proxy } from './proxy.ts'
import type { Tab } from './tab.ts'
import type { Session } from './webdriver.ts'

/** What the tabs of one profile share. */
export interface Shared {
  session: Session
  /** Its network. */
  proxy: Proxy
  /** Commands go to the window that was chosen last, so they take turns. */
  inTurn: <T>(run: () => Promise<T>) => Promise<T>
  /** The window that was chosen last. */
  current?: string
  /** Ends the profile with all its tabs. */
  closeAll: () => Promise<void>
}

/** Takes hold of a tab. The first one of a profile ends it when it is closed. */
export function createTab(shared: Shared, handle: string, isFirst: boolean): Tab {
  const { session, proxy, inTurn } = shared
  const problems: string[] = []

  const inWindow = <T>(run: () => Promise<T>): Promise<T> =>
    inTurn(async () => {
      if (shared.current !== handle) await session.send('POST', '/window', { handle })
      shared.current = handle
      return run()
    })
  const evaluate = (expression: string): Promise<string> => {
    const script = `const done = arguments[arguments.length - 1]; ${expression}.then(done)`
    return session.send('POST', '/execute/async', { script, args: [] })
  }
  /** The driver does not tell of what goes wrong in a page, so the page is made to. */
  const collect = async (): Promise<void> => {
    const found = await evaluate(`(${takeProblems.toString()})()`).catch(() => '')
    problems.push(...found.split('\n').filter(Boolean))
  }
  const load = (path: string, body: Record<string, unknown>): Promise<void> =>
    inWindow(async () => {
      await collect()
      await session.send('POST', path, body)
      await collect()
    })
  const perform = (actions: Actions): Promise<void> => inWindow(() => session.send('POST', '/actions', { actions }))
  const viewport = async (): Promise<[number, number]> =>
    JSON.parse(await evaluate('(async () => JSON.stringify([innerWidth, innerHeight]))()')) as [number, number]

  return {
    navigate: (url) => load('/url', { url }),
    reload: () => load('/refresh', {}),
    // A script that is still running when its page goes to the cache would not come to an end.
    go: (step) => load(step < 0 ? '/back' : '/forward', {}),
    evaluate: (expression) => inWindow(() => evaluate(expression)),
    click: (x, y) => perform(clickAt(x, y)),
    async type(text) {
      let plain = ''
      const flush = async (): Promise<void> => {
        if (plain) await perform(typing(plain))
        plain = ''
      }
      for (const key of charactersOf(text)) {
        // The driver's keys are one UTF-16 unit each. What is more comes in as from an input method.
        if (key.length === 1) {
          plain += key
          continue
        }
        await flush()
        await inWindow(() => evaluate(`(${insert.toString()})(${JSON.stringify(key)})`))
      }
      await flush()
    },
    press: (keys) => perform(pressing(keys)),
    screenshot: () => inWindow(async () => Buffer.from(await session.send<string>('GET', '/screenshot'), 'base64')),
    resize: (width, height) =>
      inWindow(async () => {
        const [innerWidth, innerHeight] = await viewport()
        const outer = await session.send<{ width: number; height: number }>('GET', '/window/rect')
        const rect = { width: outer.width + width - innerWidth, height: outer.height + height - innerHeight }
        await session.send('POST', '/window/rect', rect)
        for (let attempt = 0; attempt < 40; attempt++) {
          if (String(await viewport()) === String([width, height])) return
          await sleep(25)
        }
        throw new Error(`The viewport is ${String(await viewport())}: MiniBrowser's bar needs some 450 px of width.`)
      }),
    setOffline: async (isOffline) => proxy.setOffline(isOffline),
    problems: () =>
      inWindow(async () => {
        await collect()
        return [...problems]
      }),
    async open() {
      const made = await inTurn(() => session.send<{ handle: string }>('POST', '/window/new', { type: 'window' }))
      return createTab(shared, made.handle, false)
    },
    close: () => (isFirst ? shared.closeAll() : inWindow(() => session.send('DELETE', '/window'))),
  }
}

/** One thing after the other. */
export function takeTurns(): Shared['inTurn'] {
  let last: Promise<unknown> = Promise.resolve()
  return (run) => {
    const turn = last.then(run)
    last = turn.catch(() => {})
    return turn
  }
}

/** Runs in the page: puts a text in where the cursor is. */
async function insert(text: string): Promise<string> {
  return String(document.execCommand('insertText', false, text))
}

/** Runs in the page: what has gone wrong since the last call. The first call begins to listen. */
async function takeProblems(): Promise<string> {
  const page = window as Window & { problemsForTests?: string[] }
  // As one text: lists may have a `toJSON` of the page's.
  if (page.problemsForTests) return page.problemsForTests.splice(0).join('\n')

  const found: string[] = (page.problemsForTests = [])
  addEventListener('error', ({ message }) => found.push(message))
  addEventListener('unhandledrejection', ({ reason }) => found.push(String(reason)))
  const pageConsole = console as unknown as Record<string, (...words: unknown[]) => void>
  for (const level of ['error', 'warn']) {
    const say = pageConsole[level]
    pageConsole[level] = (...words) => {
      found.push(words.join(' '))
      say?.apply(console, words)
    }
  }
  return ''
}
