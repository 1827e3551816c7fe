/** A guest on somebody's page: however its script gets there, and whatever the page has made of the language. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LumikaGlobal } from '../../../widget/embed.ts'
import { chatOf } from '../../helpers/engines/chat.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { realmScript } from '../../helpers/engines/realm.ts'
import type { Realm } from '../../helpers/engines/realm.ts'
import { shareOf } from '../../helpers/engines/share.ts'
import { startFront } from '../../helpers/front.ts'
import type { Front } from '../../helpers/front.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'
import { hosts } from './hosts.ts'

let server: ServerProcess
let front: Front
/** A new one for each test, and so nothing is kept from the one before. */
let site: Site
beforeAll(async () => {
  server = await startServer()
  front = await startFront(server.url)
})
afterAll(async () => {
  await front?.close()
  await server?.stop()
})

type TestWindow = Window & { Lumika: LumikaGlobal; realmForTests: Realm; wrapped?: Set<string> }

/** How a script gets onto a page, by what it is called. */
const ways: Record<string, () => { head?: string; body?: string }> = {
  'in the head': () => ({ head: scriptTag(front.url, server.token) }),
  'in the body': () => ({ body: scriptTag(front.url, server.token) }),
  async: () => ({ head: scriptTag(front.url, server.token, 'async') }),
  defer: () => ({ head: scriptTag(front.url, server.token, 'defer') }),
  'as a module': () => ({ head: scriptTag(front.url, server.token, 'type="module"') }),
  'by another script': () => ({
    body: `<script>
      const script = Object.assign(document.createElement('script'), { src: '${front.url}/widget.js' })
      script.dataset.integrationToken = '${server.token}'
      document.head.append(script)
    </script>`,
  }),
  'as text that a tag manager runs, while its own script is the current one': () => ({
    body: `${scriptTag(front.url, server.token, 'type="text/gtmscript"')}<script>${ask}(0, eval)(text)</script>`,
  }),
  'as text that a tag manager runs later': () => ({
    body: `${scriptTag(front.url, server.token, 'type="text/gtmscript"')}
      <script>fetch('${front.url}/widget.js').then((answer) => answer.text()).then(eval)</script>`,
  }),
  'as text, with a call': () => ({
    body: `<script>${ask}(0, eval)(text)
      Lumika.mountWidget({ integrationToken: '${server.token}', serverUrl: '${front.url}/' })</script>`,
  }),
  'bundled into a script of the page': () => ({
    body: `<script type="module">
      import { mountWidget } from '${front.url}/demo/lib/index.js'
      mountWidget({ integrationToken: '${server.token}', serverUrl: '${front.url}' })
    </script>`,
  }),
  'twice, once of them by another script': () => ({
    head: scriptTag(front.url, server.token, 'async'),
    body: `${scriptTag(front.url, server.token)}<script>
      const script = Object.assign(document.createElement('script'), { src: '${front.url}/widget.js?again' })
      script.dataset.integrationToken = '${server.token}'
      script.onload = () => (document.title = 'twice')
      document.head.append(script)
    </script>`,
  }),
}
/** In the page: the text of the widget, at once. */
const ask = `const request = new XMLHttpRequest()
  request.open('GET', document.querySelector('[type="text/gtmscript"]')?.src ?? widgetUrl, false)
  request.send()
  const text = request.responseText;`

describe.each(engineNames)('in %s', (name) => {
  let engine: Engine
  let page: Page
  let known: number
  beforeAll(async () => {
    engine = await openEngine(name)
    page = await engine.newPage()
  })
  afterAll(() => engine?.close())
  beforeEach(async () => {
    site = await startSite()
    known = (await page.consoleErrors()).length
  })
  afterEach(() => site.close())
  const problems = async () => (await page.consoleErrors()).slice(known)

  const someWays = ['as a module', 'as text that a tag manager runs later']
  test.each(shareOf(name, Object.keys(ways), (way) => someWays.includes(way)))(
    'X75: there is one chat where its script is there %s',
    async (way) => {
      const { head = '', body = '' } = ways[way]?.() ?? {}
      const first = `<script>const widgetUrl = '${front.url}/widget.js'</script>`
      await page.goto(site.put('/', { body: htmlPage(body, { head: first + head }) }))
      await chatOf(page).open()
      if (way.startsWith('twice')) await page.waitFor(() => document.title === 'twice')
      expect(await page.evaluate(() => document.querySelectorAll('lumika-chat').length)).toBe(1)
      expect(await problems()).toEqual([])
    },
  )

  const someHosts = ['Zone.js', 'frozen intrinsics']
  test.each(shareOf(name, Object.keys(hosts), (host) => someHosts.includes(host)))(
    'X76, G13: with %s nothing breaks, here and there',
    async (host) => {
      const { scripts, later } = hosts[host]?.() ?? { scripts: [] }
      for (const [n, body] of scripts.entries())
        site.put(`/host-${n}.js`, { body: `{${body}}`, type: 'text/javascript' })
      const head = scripts.map((_, n) => `<script src="/host-${n}.js"></script>`).join('')
      await page.goto(site.put('/', { body: htmlPage(realmScript() + scriptTag(front.url, server.token), { head }) }))
      await page.see('.launcher')
      if (later !== undefined) {
        await page.evaluate((code) => (0, eval)(`{${code}}`), later)
        await page.evaluate(() => (window as unknown as TestWindow).realmForTests.mark())
      }
      const changes = async () => {
        const all = await page.evaluate(() => (window as unknown as TestWindow).realmForTests.changes())
        // Zone.js keeps its lists of listeners like that.
        return all.filter((change) => !change.includes('.__zone_symbol__'))
      }
      const ours = later === undefined ? ['added window.Lumika'] : []
      expect(await changes()).toEqual(ours)

      front.passed.length = 0
      const context = { cart: ['cup', { price: 3.5 }], at: [[1, 2], []], isNew: true, none: null }
      await page.evaluate((given) => (window as unknown as TestWindow).Lumika.update({ context: given }), context)
      const chat = chatOf(page)
      await chat.open()
      const text = '“Größe” & 100%? 純綿 👍🏽'
      await chat.say(text)
      await expect.poll(async () => (await chat.said()).join('\n')).toMatch(/^visitor: .*\nassistant: .*/)
      expect((await chat.said())[0]).toBe(`visitor: ${text}`)
      const sends = front.passed.filter(({ method, path }) => method === 'POST' && path.endsWith('/sse'))
      const fields = sends.map(({ body }) => Object.fromEntries(new URLSearchParams(body)))
      expect(fields).toEqual([
        {
          integrationToken: server.token,
          conversationId: expect.stringMatching(/^c_[\w-]{22}$/),
          clientMessageId: expect.stringMatching(/^[\w-]{22}$/),
          textContent: text,
          context: expect.any(String),
        },
      ])
      expect(JSON.parse(fields[0]?.['context'] ?? '')).toEqual({
        ...{ ...context, page: await page.evaluate(() => location.href), title: 'A site' },
        ...{ locale: expect.any(String), timeZone: expect.any(String) },
      })

      await page.click('[aria-label="Close"]')
      await page.reload()
      await page.waitFor(() => document.readyState === 'complete')
      if (later === undefined) expect(await changes()).toEqual(ours)
      await chat.open()
      await expect.poll(async () => (await chat.said()).length).toBe(2)
      if (later === undefined) expect(await changes()).toEqual(ours)
      await page.evaluate(() => (window as unknown as TestWindow).Lumika.destroy())
      expect(await page.evaluate(() => document.querySelectorAll('lumika-chat').length)).toBe(0)
      expect(await problems()).toEqual([])
    },
  )
})
