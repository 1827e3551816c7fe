/** G13, B81, B86: a chat in somebody's frame, sandboxed or of another site: it works or says so, and the page around it is as it was. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import { realmScript } from '../../helpers/engines/realm.ts'
import type { Realm } from '../../helpers/engines/realm.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'
import { troubles, watcher } from './breakages.ts'
import { createIntegration } from './integration.ts'

/** What a frame tells of itself. */
interface Framed {
  name: string
  origin: string
  hasPanel: boolean
  said: string[]
  notices: string[]
  notes: string[]
  troubles: string[]
}
type TestWindow = Window & { heard: Record<string, Framed>; realmForTests: Realm; troubles: string[] }

let server: ServerProcess
/** The page around, and what is in its frames. */
let outer: Site
let inner: Site
beforeAll(async () => {
  ;[server, outer, inner] = await Promise.all([startServer(), startSite(), startSite()])
  const domains = ['localhost', '127.0.0.1']
  const usual = await createIntegration(server, { allowedDomains: domains })
  const lenient = await createIntegration(server, { allowedDomains: [...domains, 'null'] })
  const put = (path: string, token: string): string =>
    inner.put(path, {
      body: htmlPage(`${scriptTag(server.url, token)}<script>(${tell.toString()})()</script>`, { head: watcher }),
    })
  const frames = [
    `<iframe name="refused" sandbox="allow-scripts" src="${put('/refused', usual.token)}"></iframe>`,
    `<iframe name="opaque" sandbox="allow-scripts" src="${put('/opaque', lenient.token)}"></iframe>`,
    `<iframe name="sandboxed" sandbox="allow-scripts allow-same-origin" src="${put('/sandboxed', usual.token)}"></iframe>`,
    `<iframe name="foreign" src="${put('/foreign', usual.token).replace('localhost', '127.0.0.1')}"></iframe>`,
  ]
  const listen = `<script>
    window.heard = {}
    addEventListener('message', ({ data }) => data.name && (window.heard[data.name] = data))
  </script>`
  outer.put('/', { body: htmlPage(frames.join('\n') + realmScript(), { head: watcher + listen }) })
})
afterAll(async () => {
  await inner?.close()
  await outer?.close()
  await server?.stop()
})

const volatile = 'This browser keeps nothing: the chat lasts until you leave the page.'

describe.each(engineNames)('in %s', (name) => {
  let engine: Engine
  beforeAll(async () => (engine = await openEngine(name)), 60_000)
  afterAll(() => engine?.close())

  test('G13, B81, B86: sandboxed frames and one of another site have their chats, and leave the page around them alone', async () => {
    const page = await engine.newPage()
    const heard = (frame: string) =>
      page.evaluate((of) => (window as unknown as TestWindow).heard[of], frame) as Promise<Framed | undefined>
    const tellAll = (call: unknown[]) =>
      page.evaluate((made) => {
        for (let n = 0; n < window.frames.length; n++) window.frames[n]?.postMessage({ call: made }, '*')
      }, call)
    const load = async () => {
      await page.goto(`${outer.url}/`)
      for (const frame of ['refused', 'opaque', 'sandboxed', 'foreign'])
        await expect.poll(() => heard(frame), { timeout: 15_000 }).toMatchObject({ name: frame })
    }
    const said = async (frame: string) => (await heard(frame))?.said
    const settled = (frame: string) => expect.poll(() => said(frame), { timeout: 15_000 })

    await load()
    await tellAll(['send', 'Hello'])
    await settled('refused').toEqual(['visitor (failed): Hello'])
    for (const frame of ['opaque', 'sandboxed', 'foreign']) {
      await settled(frame).toEqual(['visitor: Hello', expect.stringMatching(/^assistant: .*Hello/s)])
    }
    // An answer to an origin that is refused is for nobody there to read (O49): it looks like no answer.
    await expect
      .poll(() => heard('refused'))
      .toMatchObject({
        origin: 'null',
        notes: ['Not sent. Check your connection. Retry'],
        notices: ['No connection. Trying again…'],
        troubles: [],
      })
    expect(await heard('opaque')).toMatchObject({ origin: 'null', notices: [volatile], troubles: [] })
    expect(await heard('sandboxed')).toMatchObject({ origin: inner.url, notices: [], troubles: [] })
    const foreign = await heard('foreign')
    expect(foreign).toMatchObject({ origin: inner.url.replace('localhost', '127.0.0.1'), troubles: [] })
    // An engine may let frames of another site keep nothing; then it is said.
    expect([[], [volatile]]).toContainEqual(foreign?.notices)

    await load()
    await tellAll(['open'])
    await settled('sandboxed').toHaveLength(2)
    await expect.poll(async () => (await heard('opaque'))?.hasPanel).toBe(true)
    expect(await said('opaque')).toEqual([])
    if (foreign?.notices.length === 0) await settled('foreign').toHaveLength(2)

    expect(await page.evaluate(troubles)).toEqual([])
    const around = await page.evaluate(async () => ({
      changes: (window as unknown as TestWindow).realmForTests.changes(),
      elements: [...document.querySelectorAll('html > *, body > *')].map(({ localName }) => localName),
      kept: [document.cookie, Object.keys(localStorage).length, Object.keys(sessionStorage).length],
      databases: ((await indexedDB.databases?.()) ?? []).map((each) => each.name),
    }))
    expect(around).toEqual({
      changes: [],
      elements: ['head', 'body', 'h1', 'iframe', 'iframe', 'iframe', 'iframe', 'script'],
      kept: ['', 0, 0],
      databases: [],
    })
    await page.close()
  })
})

/** Runs in a frame: does what the page around says, and tells it what is to be seen. */
function tell(): void {
  addEventListener('message', ({ data }) => {
    const { call } = data as { call?: [string, ...unknown[]] }
    if (call) (window as unknown as { Lumika: { push(made: unknown): void } }).Lumika.push(call)
  })
  const textsOf = (root: ShadowRoot | null | undefined, selector: string) =>
    [...(root?.querySelectorAll(selector) ?? [])].map(({ textContent }) => textContent.replace(/\s+/g, ' ').trim())
  setInterval(() => {
    const root = document.querySelector('lumika-chat')?.shadowRoot
    if (!root) return
    const said = [...root.querySelectorAll('[role="log"] .message')].flatMap((message) => {
      const [, author, state] = message.classList
      const text = message.querySelector('.bubble')?.textContent.trim()
      return author ? [`${author}${state === 'done' ? '' : ` (${state})`}: ${text}`] : []
    })
    const about = { name: window.name, origin: self.origin, hasPanel: !!root.querySelector('.panel') }
    const { troubles } = window as unknown as { troubles: string[] }
    parent.postMessage(
      { ...about, said, troubles, notices: textsOf(root, '.notice'), notes: textsOf(root, '.message .state') },
      '*',
    )
  }, 100)
}
