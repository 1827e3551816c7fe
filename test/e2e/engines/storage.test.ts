/** B84, B85, B86, B88: what the browser keeps is gone, is not ours, belongs to somebody else, or has a wrong date. */
import { createHmac } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chatOf } from '../../helpers/engines/chat.ts'
import type { Chat } from '../../helpers/engines/chat.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import { makeCertificate, startHttps } from '../../helpers/engines/https.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { startFront } from '../../helpers/front.ts'
import type { Front } from '../../helpers/front.ts'
import { operatorOf } from '../../helpers/operator.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'
import { clockOff, troubles, watcher } from './breakages.ts'
import { createIntegration } from './integration.ts'
import type { TestIntegration } from './integration.ts'
import { draftOf, dropKept, keptOn, noticesOf, writeKept } from './kept.ts'
import type { Kept } from './kept.ts'

let server: ServerProcess
let front: Front
let site: Site
let isDown = false
beforeAll(async () => {
  ;[server, site] = await Promise.all([startServer(), startSite()])
  front = await startFront(server.url)
  front.refuse = ({ path }, response) => {
    const isRefused = isDown && path.startsWith('/conversation/')
    if (isRefused) response.destroy()
    return isRefused
  }
  site.put('/plain', { body: htmlPage('') })
})
afterAll(async () => {
  await front?.close()
  await site?.close()
  await server?.stop()
})

const day = 86_400_000
const evil = '"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'

describe.each(engineNames)('in %s', (name) => {
  let engine: Engine
  let page: Page
  let chat: Chat
  let shop: TestIntegration
  let count = 0
  beforeAll(async () => (engine = await openEngine(name)), 60_000)
  afterAll(() => engine?.close())
  beforeEach(async () => {
    isDown = false
    page = await engine.newPage()
    chat = chatOf(page)
    shop = await createIntegration(server)
  })
  afterEach(() => page.close())

  const put = (path: string, token: string, attributes = '', script = ''): string =>
    site.put(path, {
      body: htmlPage(scriptTag(front.url, token, attributes), { head: `${watcher}<script>{${script}}</script>` }),
    })
  const visit = async (url: string): Promise<void> => {
    await page.goto(url)
    await chat.open()
  }
  const say = async (text: string): Promise<string> => {
    const own = `${text} ${name[0]}${++count}`
    await chat.say(own)
    return own
  }
  /** These texts, and no others, are shown, each once and with an answer. */
  const expectShown = async (...texts: string[]): Promise<void> => {
    const asked = async () => (await chat.said()).filter((line) => line.startsWith('visitor'))
    await expect.poll(asked, { timeout: 15_000 }).toEqual(texts.map((text) => `visitor: ${text}`))
    await expect.poll(chat.said, { timeout: 15_000 }).toHaveLength(2 * texts.length)
    expect(await chat.doubled()).toEqual([])
  }
  /** What customers have written in the conversation that a text is in. */
  const stored = async (text: string): Promise<string[]> => {
    const all = (await operatorOf(server).conversations()).filter(({ said }) => said.includes(`customer: ${text}`))
    expect(all).toHaveLength(1)
    return (all[0]?.said ?? []).filter((line) => line.startsWith('customer')).map((line) => line.slice(10))
  }
  const expectCalm = async (): Promise<void> => {
    expect(await page.evaluate(troubles)).toEqual([])
    expect(await page.consoleErrors()).toEqual([])
    expect(await page.evaluate(noticesOf)).toEqual([])
  }
  const clear = async (): Promise<void> => {
    await page.goto(`${site.url}/plain`)
    await dropKept(page)
    await page.evaluate(() => localStorage.clear())
  }

  test('B84: with the storage cleared, it is a new conversation; who has signed in has the whole history', async () => {
    const id = `customer-${name}`
    const userHash = createHmac('sha256', shop.identitySecret).update(`${shop.id}\n${id}`).digest('hex')
    const anonymous = put('/', shop.token)
    const signed = put('/signed', shop.token, `data-conversation-id="${id}" data-user-hash="${userHash}"`)
    await visit(anonymous)
    const old = await say('Anonymous')
    await expectShown(old)
    await visit(signed)
    const own = [await say('Signed in'), await say('Again')]
    await expectShown(...own)

    await clear()
    await visit(anonymous)
    const next = await say('Anew')
    await expectShown(next)
    expect(await stored(next)).toEqual([next])
    await visit(signed)
    await expectShown(...own)
    await expectCalm()
  })

  test('B85: records that are none of ours are left out one by one, and nothing in them is run', async () => {
    const url = put('/', shop.token)
    await visit(url)
    const before = await say('Before')
    await expectShown(before)
    await page.goto(`${site.url}/plain`)
    const sessionName = (await keptOn(page))[0]?.[0] ?? ''
    const idOf = (letter: string) => letter.repeat(22)
    const sound = {
      clientMessageId: idOf('s'),
      text: `${evil} (${name})`,
      hasFailed: false,
      order: 'first',
      version: 99,
    }
    const records: Kept[] = [
      [`${sessionName}\ndraft`, evil],
      [`${sessionName}\n${idOf('s')}`, sound],
      [`${sessionName}\n${idOf('o')}`, { ...sound }],
      [`${sessionName}\n${idOf('n')}`, null],
      [`${sessionName}\n${idOf('t')}`, { ...sound, clientMessageId: idOf('t'), text: { html: evil } }],
      [`${sessionName}\n${idOf('e')}`, { ...sound, clientMessageId: idOf('e'), text: '' }],
      [`${sessionName}\n${evil}`, { ...sound, clientMessageId: evil }],
      [`${sessionName}\nfuture`, { kind: 'attachment', version: 99, parts: [evil] }],
      [sessionName.replace(shop.token, evil), { conversationId: evil }],
      ['unsent', [sound]],
    ]
    await writeKept(page, records)
    await visit(url)
    await expectShown(before, sound.text)
    expect(await page.evaluate(draftOf)).toBe(evil)

    // Nor is the conversation's own record believed.
    await page.goto(`${site.url}/plain`)
    await writeKept(page, [
      [sessionName, { conversationId: evil, unsent: [sound], draft: evil }],
      [`${sessionName}\ndraft`, { toString: evil }],
    ])
    await visit(url)
    expect(await page.evaluate(draftOf)).toBe('')
    const next = await say('Afterwards')
    await expectShown(next)
    expect(await stored(next)).toEqual([next])
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
    await expectCalm()
    await visit(url)
    await expectShown(next)
  })

  test('B86: two tokens on one origin, and one token on three origins, by http and https, know nothing of each other', async () => {
    const other = await createIntegration(server)
    const neighbour = await startSite()
    const certificate = await makeCertificate(['localhost'])
    const secureSite = await startHttps(certificate, Number(new URL(neighbour.url).port))
    const secureFront = await startHttps(certificate, Number(new URL(front.url).port))
    try {
      const secureTag = scriptTag(`https://localhost:${secureFront.port}`, shop.token)
      const secure = new URL(neighbour.put('/secure', { body: htmlPage(secureTag) }))
      const elsewhere = neighbour.put('/', { body: htmlPage(scriptTag(front.url, shop.token)) })
      const places = [put('/', shop.token), put('/other', other.token), elsewhere.replace('localhost', '127.0.0.1')]
      places.push(`https://localhost:${secureSite.port}${secure.pathname}`)
      const texts: string[] = []
      for (const [n, url] of places.entries()) {
        await visit(url)
        expect(await chat.said()).toEqual([])
        expect(await page.evaluate(draftOf)).toBe('')
        texts.push(await say('Here'))
        await expectShown(texts[n] ?? '')
        await page.type('.panel textarea', `Draft ${n}`)
        await expect.poll(async () => (await keptOn(page)).map(([, value]) => value)).toContain(`Draft ${n}`)
      }
      for (const [n, url] of places.entries()) {
        await visit(url)
        await expectShown(texts[n] ?? '')
        await expect.poll(() => page.evaluate(draftOf)).toBe(`Draft ${n}`)
        expect(await stored(texts[n] ?? '')).toEqual([texts[n]])
      }
    } finally {
      await Promise.all([neighbour.close(), secureSite.close(), secureFront.close()])
    }
  })

  test('B88: a clock that is a day fast, and then a day slow, changes no order, shows no odd time, and judges no proof', async () => {
    const id = `jwt-${name}`
    const jwt = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(id)
      .setAudience(shop.id)
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(shop.identitySecret))
    const places = [day, -day].map((ms, n) => put(`/clock-${n}`, shop.token, '', clockOff(ms)))
    const [fast = '', slow = ''] = places
    await visit(fast)
    const texts = [await say('One')]
    await expectShown(...texts)
    await visit(slow)
    texts.push(await say('Two'))
    await expectShown(...texts)
    await expectCalm()
    isDown = true
    await visit(fast)
    texts.push(await say('Three'))
    await expect.poll(async () => (await keptOn(page)).length).toBe(2)
    await visit(slow)
    texts.push(await say('Four'))
    await expect.poll(async () => (await keptOn(page)).length).toBe(3)
    isDown = false
    await visit(slow)
    const asked = async () => (await chat.said()).filter((line) => line.startsWith('visitor'))
    await expect.poll(asked, { timeout: 20_000 }).toEqual(texts.map((text) => `visitor: ${text}`))
    await expect.poll(() => stored(texts[0] ?? '')).toEqual(texts)
    const shown = await page.evaluate(() => document.querySelector('lumika-chat')?.shadowRoot?.textContent ?? '')
    expect(shown).not.toMatch(/\bago\b|-\d+ ?[a-z]|NaN|Invalid Date/)

    const proof = `data-conversation-id="${id}" data-user-jwt="${jwt}"`
    await visit(put('/jwt', shop.token, proof, clockOff(day)))
    const own = await say('With a proof that is over, by this clock')
    await expectShown(own)
    // Browsers themselves have complained of the server that was gone.
    expect(await page.evaluate(troubles)).toEqual([])
  })
})
