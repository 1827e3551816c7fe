/** What operators are told of a customer: from the newest message that says it, and never to anybody else. */
import { createHmac } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { IntegrationInput } from '../../../server/access/integration.ts'
import type { CustomerView } from '../../../server/conversations/customer.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { spyResponder } from '../../helpers/responder.ts'
import { allEvents } from '../../helpers/sse.ts'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'
const capability = `c_${'a'.repeat(22)}`

const told = {
  page: 'https://shop.example/cart',
  title: 'Your cart',
  locale: 'pt-BR',
  timeZone: 'America/Sao_Paulo',
}
const nothing = { page: null, title: null, locale: null, timeZone: null, browser: null, context: null }

describe.each(storages)('what is known of a customer, on %s', (kind) => {
  const open = async (integration: Partial<IntegrationInput> = {}) => {
    const place = await openPlace(kind)
    onTestFinished(() => place.dispose())
    const world = await openWorld(place, { responder: spyResponder(({ text }) => [`You said ${text}`]), integration })
    onTestFinished(() => world.close())
    return world
  }
  const ask = async (world: World, conversationId: string) => {
    const key = conversationKey(world.integration.id, conversationId)
    const headers = { authorization: `Bearer ${operatorKey}` }
    const response = await world.lumika.fetch(
      new Request(`http://localhost:3000/api/conversations/${key}`, { headers }),
    )
    return ((await response.json()) as { customer: CustomerView }).customer
  }
  const send = async (world: World, conversationId: string, fields: Record<string, string>, context?: object) => {
    const all = { conversationId, textContent: 'Hi', ...fields, ...(context && { context: JSON.stringify(context) }) }
    return allEvents(await world.post('/conversation/sse', all, { 'user-agent': firefox }))
  }

  it('G8: is what the newest messages say, each fact by itself, and stands in no public answer', async () => {
    const world = await open({ kind: 'widget' })
    await send(world, capability, { textContent: 'one' }, { ...told, plan: 'pro', cart: ['a', 2] })
    const first = await ask(world, capability)
    expect(first).toEqual({
      ...{ id: capability, isVerified: false, ...told },
      ...{ browser: 'Firefox 140 on Windows', context: { plan: 'pro', cart: ['a', 2] } },
      firstSeenAt: expect.stringMatching(/^\d{4}-.*Z$/),
      satisfaction: null,
    })

    await send(world, capability, { textContent: 'two' }, { page: 'https://shop.example/pay' })
    await send(world, capability, { textContent: 'three' })
    expect(await ask(world, capability)).toEqual({ ...first, page: 'https://shop.example/pay' })

    const answers = [
      await (await world.get('/conversation/history', { conversationId: capability })).text(),
      JSON.stringify(await send(world, capability, { textContent: 'four' }, told)),
    ]
    for (const text of answers) expect(text).not.toMatch(/shop\.example|Sao_Paulo|Firefox|isVerified|plan/)
    const headers = { authorization: `Bearer ${operatorKey}` }
    const list = await world.lumika.fetch(new Request('http://localhost:3000/api/activities', { headers }))
    expect(await list.text()).not.toMatch(/shop\.example|Firefox/)
  })

  it('is verified by proof of the id that belongs to it, as long as the newest message has it', async () => {
    const world = await open({ kind: 'widget', allowUnsignedIds: true })
    const { id, identitySecrets } = world.integration
    const hashOf = (name: string) =>
      createHmac('sha256', identitySecrets[0]?.secret ?? '')
        .update(`${id}\n${name}`)
        .digest('hex')
    const sentWith = async (userHash?: string) => {
      await send(world, 'customer-42', { textContent: `${Math.random()}`, ...(userHash && { userHash }) })
      return (await ask(world, 'customer-42')).isVerified
    }
    expect(await sentWith()).toBe(false)
    expect(await sentWith(hashOf('customer-42'))).toBe(true)
    expect(await sentWith(hashOf('customer-43'))).toBe(false)
    expect(await sentWith(hashOf('customer-42'))).toBe(true)
  })

  it("is verified by a server's token, whose own program is nobody's browser", async () => {
    const world = await open()
    await send(world, 'customer-42', {}, { plan: 'pro' })
    const customer = await ask(world, 'customer-42')
    expect(customer).toMatchObject({ ...nothing, id: 'customer-42', isVerified: true, context: { plan: 'pro' } })
  })

  it('takes no secrets of an address, no other schemes, and nothing by its name that is something else', async () => {
    const world = await open({ kind: 'widget' })
    const seen = async (context: object) => {
      await send(world, capability, { textContent: `${Math.random()}` }, context)
      return ask(world, capability)
    }
    const hostile = { page: 'javascript:alert(1)', title: 7, locale: '<b>', timeZone: '"'.repeat(9) }
    expect(await seen(hostile)).toMatchObject({
      page: null,
      title: null,
      locale: null,
      timeZone: null,
      context: hostile,
    })
    const page = 'https://me:secret@shop.example/a?token=secret#secret'
    expect(await seen({ page })).toMatchObject({ page: 'https://shop.example/a' })
    expect((await seen({ title: 'x'.repeat(5_000) })).title).toHaveLength(300)
    expect((await seen(JSON.parse('{"__proto__": {"page": 1}, "constructor": 2}') as object)).context).toEqual(
      JSON.parse('{"__proto__": {"page": 1}, "constructor": 2}'),
    )
  })

  it('costs the same however long the conversation is', async () => {
    const world = await open()
    const key = conversationKey(world.integration.id, 'long')
    const post = (body: string) =>
      world.lumika.fetch(
        new Request(`http://localhost:3000/api/conversations/${key}/messages`, {
          method: 'POST',
          headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
          body: JSON.stringify({ body }),
        }),
      )
    const costOf = async () => {
      const before = { ...world.calls }
      await ask(world, 'long')
      return Object.entries(world.calls)
        .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
        .filter(([name]) => ['before', 'after', 'find'].includes(name))
    }
    await send(world, 'long', {}, told)
    for (let n = 0; n < 30; n++) await post(`reply ${n}`)
    expect(await ask(world, 'long')).toMatchObject({ ...told, isVerified: true })
    for (let n = 0; n < 200; n++) await post(`more ${n}`)
    const cost = await costOf()
    for (let n = 0; n < 100; n++) await post(`even more ${n}`)
    expect(await costOf()).toEqual(cost)
    // Beyond what is looked through.
    expect(await ask(world, 'long')).toMatchObject({ id: 'long', ...nothing, firstSeenAt: expect.any(String) })
  })
})
