/** What clients and operators do with a server, in short scenes, and what each of them has to come to. */
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { ConversationRecord } from '../../../protocol.ts'
import type { IntegrationInput } from '../../../server/access/integration.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { spyResponder } from '../../helpers/responder.ts'
import type { SpyResponder } from '../../helpers/responder.ts'
import { eventOf, textOf } from '../../helpers/sse.ts'
import type { Received } from '../../helpers/sse.ts'
import type { World } from '../../helpers/world.ts'
import type { Client, SendParams } from './client.ts'

/** Who plays. */
export interface Cast {
  world: World
  client: Client
  /** Another client of the same server, by its token. */
  clientOf: (token: string) => Client
}

/** One scene, on a server and a storage of its own. */
export interface Scene {
  title: string
  integration?: Partial<IntegrationInput>
  /** What was there before. Nothing fails yet. */
  before?: (cast: Cast) => Promise<unknown>
  play: (cast: Cast) => Promise<void>
  /** What the conversation holds in the end, and which texts were answered, each once. Nothing fails any more. */
  bodies: string[] | { oneOf: string[][] }
  answered: string[]
}

/** Answers in pieces; a text that asks for it begins, and then waits to be stopped. */
export const sceneResponder = (): SpyResponder =>
  spyResponder(async function* ({ text, signal }) {
    if (text !== 'slow') return yield* ['You ', 'said: ', text]
    yield 'Once '
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })

const conversationId = 'customer-1'
const key = (name: string) => `key-of-the-scenes-${name}`
const message = (textContent: string): SendParams => ({
  conversationId,
  textContent,
  clientMessageId: key(textContent),
})
const patience = { timeout: 15_000, interval: 25 }
const answered = (...texts: string[]) => texts.flatMap((text) => [text, `You said: ${text}`])
const pathOf = ({ world }: Cast, rest: string) =>
  `/api/conversations/${conversationKey(world.integration.id, conversationId)}/${rest}`

const say = async ({ client }: Cast, ...texts: string[]) => {
  for (const text of texts) await client.send('post', message(text))
}

export const scenes: Scene[] = [
  {
    title: 'a message by GET',
    async play({ client }) {
      expectAnswer(await client.send('get', message('one')), 'one')
    },
    bodies: answered('one'),
    answered: ['one'],
  },
  {
    title: 'a message by POST without a key, and the next one',
    async play({ client }) {
      expectAnswer(await client.send('post', { conversationId, textContent: 'one' }), 'one')
      expectAnswer(await client.send('post', { conversationId, textContent: 'two' }), 'two')
    },
    bodies: answered('one', 'two'),
    answered: ['one', 'two'],
  },
  {
    title: 'a retry, a resume and the end of an EventSource',
    before: (cast) => say(cast, 'one'),
    async play({ client }) {
      const events = await client.send('post', message('one'))
      expectAnswer(events, 'one')
      expect(eventOf(events, 'ack').replayed).toBe(true)
      const resume = (lastEventId = '') => client.resume({ conversationId, lastEventId })
      expect(await resume(events[0]?.id)).toEqual(events.slice(1))
      expect(await resume(events.at(-1)?.id)).toBeNull()
      expect(await client.status('post', { ...message('one'), textContent: 'another' })).toBe(409)
    },
    bodies: answered('one'),
    answered: ['one'],
  },
  {
    title: 'a history with every kind of cursor',
    before: (cast) => say(cast, 'one', 'two'),
    async play({ client }) {
      const all = answered('one', 'two')
      const { messages } = await client.history({ conversationId })
      expect(messages.map(({ body }) => body)).toEqual(all)
      const ids = messages.map(({ id }) => id)
      for (const [params, expected] of [
        [{ limit: '1' }, all.slice(3)],
        [{ limit: '2', afterId: ids[0] ?? '' }, all.slice(1, 3)],
        [{ limit: '2', beforeId: ids[3] ?? '' }, all.slice(1, 3)],
        [{ afterId: ids[3] ?? '' }, []],
        [{ afterId: ids[3] ?? '', wait: '0.02' }, []],
      ] satisfies [Record<string, string>, string[]][]) {
        const page = await client.history({ conversationId, ...params })
        expect(page.messages.map(({ body }) => body)).toEqual(expected)
        expect(page.lastMessageId).toBe(page.messages.at(-1)?.id ?? params.afterId)
      }
    },
    bodies: answered('one', 'two'),
    answered: ['one', 'two'],
  },
  {
    title: 'a long poll, and a person who replies twice by mistake',
    before: (cast) => say(cast, 'one'),
    async play(cast) {
      const { client } = cast
      const { lastMessageId } = await client.history({ conversationId })
      const next = client.history({ conversationId, afterId: lastMessageId ?? '', wait: '20' })
      const reply = { body: 'This is Ann.', clientMessageId: key('reply') }
      for (let time = 0; time < 2; time++) {
        expect((await client.api('POST', pathOf(cast, 'messages'), reply)).status).toBe(201)
      }
      expect((await next).messages.map(({ body }) => body)).toEqual(['This is Ann.'])
    },
    bodies: [...answered('one'), 'This is Ann.'],
    answered: ['one'],
  },
  {
    title: 'an answer that is stopped',
    async play({ client }) {
      let isStopped = false
      const events = await client.send('post', message('slow'), async (event) => {
        if (event.type !== 'delta' || isStopped) return
        isStopped = true
        expect(await client.stop({ conversationId, turnId: event.id.split('.')[0] ?? '' })).toBe(204)
      })
      expect(events.map(({ type }) => type)).toEqual(['ack', 'delta', 'message', 'done'])
      expect(textOf(events)).toBe('Once ')
      expect(eventOf(events, 'done').stopped).toBe(true)
    },
    bodies: ['slow', 'Once '],
    answered: ['slow'],
  },
  {
    title: 'two messages at once, answered one after the other',
    async play({ client }) {
      let second: Promise<Received[]> | undefined
      const first = await client.send('post', message('one'), async ({ type }) => {
        if (type === 'ack') second = client.send('post', message('two'))
      })
      expectAnswer(first, 'one')
      expectAnswer((await second) ?? [], 'two')
    },
    bodies: { oneOf: [answered('one', 'two'), ['one', 'two', 'You said: one', 'You said: two']] },
    answered: ['one', 'two'],
  },
  {
    title: 'a conversation that the server names',
    async play({ client }) {
      const ack = eventOf(await client.send('post', { textContent: 'minted' }), 'ack')
      expect(ack.conversationId).toMatch(/^c_[A-Za-z0-9_-]{22}$/)
      const { messages } = await client.history({ conversationId: ack.conversationId })
      expect(messages.map(({ body }) => body)).toEqual(answered('minted'))
    },
    bodies: [],
    answered: ['minted'],
  },
  {
    title: 'a draft',
    integration: { responseMode: 'approval' },
    async play(cast) {
      const events = await cast.client.send('post', message('one'))
      expect(events.map(({ type }) => type)).toEqual(['ack', 'pending', 'done'])
      const drafts = async () => {
        const { data } = await cast.client.api('GET', pathOf(cast, 'records'))
        const { records } = data as { records: { type: string; body?: string }[] }
        return records.filter(({ type }) => type === 'draft').map(({ body }) => body)
      }
      await expect.poll(drafts, patience).toEqual(['You said: one'])
    },
    bodies: ['one'],
    answered: ['one'],
  },
  {
    title: 'a message for people',
    integration: { responder: null },
    async play({ client }) {
      const events = await client.send('post', { conversationId, textContent: 'one' })
      expect(events.map(({ type }) => type)).toEqual(['ack', 'pending', 'done'])
    },
    bodies: ['one'],
    answered: [],
  },
  {
    title: 'the operators’ inbox',
    before: (cast) => say(cast, 'one'),
    async play(cast) {
      const { client } = cast
      const { data } = await client.api('GET', '/api/activities')
      const { activities } = data as { activities: { conversationId: string }[] }
      expect(activities.map((one) => one.conversationId)).toEqual([conversationId])
      const { records, firstRecordId } = (await client.api('GET', pathOf(cast, 'records'))).data as {
        records: { body?: string }[]
        firstRecordId: string
      }
      expect(records.map(({ body }) => body)).toEqual(answered('one'))
      const after = await client.api('GET', pathOf(cast, `records?afterId=${firstRecordId}&wait=1`))
      expect((after.data as { records: unknown[] }).records).toHaveLength(1)
      expect((await client.api('GET', '/ready')).status).toBe(200)
    },
    bodies: answered('one'),
    answered: ['one'],
  },
  {
    title: 'the operators’ integrations',
    play: integrations,
    bodies: [],
    answered: ['x'],
  },
]

/** What has to be true once nothing fails any more. The server is the same, and nobody has restarted it. */
export async function expectSettled({ world, clientOf }: Cast, { bodies, answered }: Scene): Promise<void> {
  const client = clientOf(world.token)
  const read = async () => {
    const page = await client.history({ conversationId })
    return [page.messages.map(({ body }: ConversationRecord) => body), page.activeTurn]
  }
  const ends = ('oneOf' in bodies ? bodies.oneOf : [bodies]).map((end) => [end, undefined])
  await expect.poll(async () => ends.some(isDeepStrictEqual.bind(null, await read())), patience).toBe(true)
  expect(client.refusals).toEqual([])
  expect(world.responder.requests.map(({ text }) => text)).toEqual(answered)
}

async function integrations({ world, client, clientOf }: Cast): Promise<void> {
  const made = await client.api('POST', '/api/integrations', { name: 'New', kind: 'widget' })
  expect(made.status).toBe(201)
  const { integration, token, tokenId } = made.data as { integration: { id: string }; token: string; tokenId: string }
  const path = `/api/integrations/${integration.id}`
  expect((await client.api('PATCH', path, { name: 'Newer' })).data).toMatchObject({ integration: { name: 'Newer' } })
  const added = (await client.api('POST', `${path}/tokens`)).data as { token: string }
  expect((await client.api('POST', `${path}/identity-secrets`, { overlapSeconds: 60 })).status).toBe(201)
  const before = client.refusals.length
  const revoked = await client.api('DELETE', `${path}/tokens/${tokenId}`)
  // The first try may have revoked it without anybody hearing so.
  expect(client.refusals.length > before ? [204, 404] : [204]).toContain(revoked.status)

  const id = `c_${'n'.repeat(22)}`
  const statusOf = async (integrationToken: string) => {
    const response = await world.get('/conversation/history', { integrationToken, conversationId: id })
    await response.text()
    return response.status
  }
  expect(await statusOf(token)).toBe(401)
  const visitor = clientOf(added.token)
  const x = { conversationId: id, textContent: 'x', clientMessageId: key('visitor') }
  expectAnswer(await visitor.send('post', x), 'x')
  expect((await client.api('DELETE', path)).status).toBe(204)
  expect(await statusOf(added.token)).toBe(401)
  const { data } = await client.api('GET', '/api/activities')
  expect(data).toMatchObject({ activities: [] })
}

function expectAnswer(events: Received[], text: string): void {
  expect(events.map(({ type }) => type)).toEqual(['ack', 'delta', 'delta', 'delta', 'message', 'done'])
  const { turnId } = eventOf(events, 'ack')
  expect(events.map(({ id }) => id)).toEqual(events.map((_, n) => `${turnId}.${n}`))
  expect(textOf(events)).toBe(`You said: ${text}`)
  expect(eventOf(events, 'message').message.body).toBe(`You said: ${text}`)
}
