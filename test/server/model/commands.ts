/** What clients, operators and machines do to a server, each checked against the model. */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { ConversationRecord, HistoryPage } from '../../../protocol.ts'
import type { World } from '../../helpers/world.ts'
import { deskCommands, idsOf } from './desk-commands.ts'
import { answerTo, conversationOf, expectSend, store } from './model.ts'
import type { Model } from './model.ts'

/** The server under test, and what was seen of it. */
export interface Real {
  world: World
  /** The server's clock, and whether it is the one that messages get their time from: Redis has its own. */
  clock: { offset: number; counts: boolean }
  /** The ids of records, by conversation, in the order of the model. */
  ids: Map<string, string[]>
  /** The turn ids, by conversation, in the order of the model. */
  turnIds: Map<string, string[]>
}

/** Something that happens, and how it is checked. */
export type Command = fc.AsyncCommand<Model, Real>

/** Everything that happens to a conversation. The scopes are small, so that things meet. */
export function commands(): fc.Arbitrary<Command>[] {
  const id = fc.constantFrom('customer-1', 'customer-2')
  const text = fc.constantFrom('yes', 'no', 'Hello\r\n\u2028🐳', '__proto__')
  const key = fc.constantFrom(null, 'key-number-one-0001', 'key-number-two-0002', 'key-number-three-03')
  const events = fc.integer({ min: 1, max: 9 })
  return [
    fc
      .record({ id, text, key })
      .map((input) => command(`Send ${show(input)}`, (model, real) => send(model, real, input, 99))),
    fc
      .record({ id, text, key, events })
      .map((input) => command(`Cut ${show(input)}`, (model, real) => send(model, real, input, input.events))),
    fc
      .record({ id, turn: fc.nat(5), n: fc.nat(8) })
      .map((input) => command(`Resume ${show(input)}`, (model, real) => resume(model, real, input))),
    fc
      .record({ id, after: fc.nat(9), limit: fc.integer({ min: 1, max: 4 }) })
      .map((input) => command(`Poll ${show(input)}`, (model, real) => poll(model, real, input))),
    ...deskCommands({ id, text, key }),
    fc.constant(null).map(() => command('Restart', restart)),
    fc.constantFrom(-3_600_000, 0, 3_600_000).map((offset) =>
      command(`ClockJump ${offset}`, (model, real) => {
        model.clockOffset = real.clock.counts ? offset : 0
        real.clock.offset = offset
        return Promise.resolve()
      }),
    ),
  ]
}

/** What a command was given, in a report. */
export const show = (input: unknown): string => JSON.stringify(input)

/** A command by its name in a report. */
export function command(name: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return { check: () => true, run, toString: () => name }
}

/** Sends, reads so many events, and leaves; then waits until the answer is stored. */
async function send(
  model: Model,
  real: Real,
  { id, text, key }: { id: string; text: string; key: string | null },
  events: number,
): Promise<void> {
  const expected = expectSend(model, id, text, key)
  const response = await real.world.get('/conversation/sse', {
    conversationId: id,
    textContent: text,
    ...(key !== null && { clientMessageId: key }),
  })
  if (expected.outcome === 'mismatch') {
    expect(response.status).toBe(409)
    return checkHistory(model, real, id)
  }
  if (expected.outcome === 'stored') store(model, id, text, key)
  const turn = conversationOf(model, id).turns[expected.turn]
  const seen = await readEvents(response, events)
  const ack = seen[0] as Seen & { turnId: string; replayed: boolean }
  expect(ack).toMatchObject({ type: 'ack', conversationId: id, replayed: expected.outcome === 'replayed' })
  const turnIds = real.turnIds.get(id) ?? []
  real.turnIds.set(id, turnIds)
  if (expected.outcome === 'stored') turnIds.push(ack.turnId)
  expect(ack.turnId).toBe(turnIds[expected.turn])
  if (seen.at(-1)?.type === 'done' && turn) turn.isDelivered = true
  await checkHistory(model, real, id)
  // Nobody hears of a draft, or of an answer that is not to be given: they are waited for, so that what comes next meets them.
  const { drafts, silent } = conversationOf(model, id)
  const quietEnds = async () => (await idsOf(real, id, ['draft', 'turn-end'])).length
  await expect.poll(quietEnds, { interval: 2, timeout: 20_000 }).toBe(drafts.length + silent)
}

/** A turn's events are always the same: resuming gives exactly what comes after the one named. */
async function resume(model: Model, real: Real, input: { id: string; turn: number; n: number }): Promise<void> {
  const turns = conversationOf(model, input.id).turns
  const turn = turns[input.turn]
  const turnId = real.turnIds.get(input.id)?.[input.turn] ?? 't0000000000000000000000'
  const lastEventId = `${turnId}.${input.n}`
  const response = await real.world.get('/conversation/sse', { conversationId: input.id, lastEventId })
  const total = turn?.stream === 'pending' ? 3 : 1 + answerPieces + 2
  if (!turn || input.n >= total) {
    expect(response.status).toBe(404)
    return
  }
  if (input.n === total - 1) {
    expect(response.status).toBe(204)
    return
  }
  const seen = await readEvents(response, 99)
  const rest = Array.from({ length: total - 1 - input.n }, (_, k) => `${turnId}.${input.n + 1 + k}`)
  // The pieces may have been dropped: who had some of them gets the record, which has it all.
  const isShort = input.n > 0 && seen[0]?.type === 'message'
  expect(seen.map(({ id }) => id)).toEqual(isShort ? rest.slice(-2) : rest)
  turn.isDelivered = true
  if (turn.stream === 'pending') return expect(seen.map(({ type }) => type)).toEqual(['pending', 'done'].slice(input.n))
  if (rest.length > 1) expect(seen.at(-2)).toMatchObject({ type: 'message', message: { body: answerTo(turn.text) } })
  if (input.n === 0) expect(seen.map((event) => event.text ?? '').join('')).toBe(answerTo(turn.text))
}

/** A page after any cursor is the model's slice, and goes on where the reader was. */
async function poll(model: Model, real: Real, input: { id: string; after: number; limit: number }): Promise<void> {
  const known = real.ids.get(input.id) ?? []
  const afterId = known[input.after]
  const { records } = conversationOf(model, input.id)
  const page = await history(real, input.id, { limit: String(input.limit), ...(afterId && { afterId }) })
  const expected = afterId
    ? records.slice(input.after + 1, input.after + 1 + input.limit)
    : records.slice(Math.max(records.length - input.limit, 0))
  expect(page.messages.map(({ body }) => body)).toEqual(expected.map(({ body }) => body))
  expect(page.lastMessageId).toBe(page.messages.at(-1)?.id ?? afterId ?? null)
}

async function restart(model: Model, real: Real): Promise<void> {
  await real.world.close()
  real.world = await real.world.another()
  for (const id of model.conversations.keys()) await checkHistory(model, real, id)
}

/** The whole history is what the model says; ids once given stay, in their order. */
export async function checkHistory(model: Model, real: Real, id: string): Promise<void> {
  const { records } = conversationOf(model, id)
  let messages: ConversationRecord[] = []
  await expect
    .poll(async () => (messages = (await history(real, id, { limit: '200' })).messages).length, {
      interval: 2,
      timeout: 20_000,
    })
    .toBe(records.length)
  const seen = messages.map(({ actor, body, data }) => ({ actor, body, ...(data?.author && { author: 'operator' }) }))
  expect(seen).toEqual(records)
  const ids = messages.map((message) => message.id)
  const before = real.ids.get(id) ?? []
  expect(ids.slice(0, before.length)).toEqual(before)
  expect(new Set(ids).size).toBe(ids.length)
  const times = messages.map(({ createdAt }) => createdAt)
  expect(times).toEqual(times.toSorted())
  real.ids.set(id, ids)
}

/** How many deltas an answer of the test's responder has. */
export const answerPieces = 3

/** The test's responder: three pieces, whatever the text. */
export function* piecesOf(text: string): Generator<string> {
  const answer = answerTo(text)
  yield answer.slice(0, 4)
  yield answer.slice(4, 9)
  yield answer.slice(9)
}

interface Seen {
  type: string
  id: string
  text?: string
}

/** Reads so many events and cancels, chunk by chunk: nothing is read ahead. */
async function readEvents(response: Response, count: number): Promise<Seen[]> {
  expect(response.status).toBe(200)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const seen: Seen[] = []
  while (seen.length < count) {
    const { value, done } = await reader.read()
    if (done) return seen
    const frame = /^id: (\S+)\ndata: (.*)\n\n$/s.exec(new TextDecoder().decode(value))
    if (frame) seen.push({ ...(JSON.parse(frame[2] as string) as Seen), id: frame[1] as string })
  }
  await reader.cancel()
  return seen
}

async function history(real: Real, conversationId: string, params: Record<string, string>): Promise<HistoryPage> {
  const response = await real.world.get('/conversation/history', { conversationId, ...params })
  expect(response.status).toBe(200)
  return (await response.json()) as HistoryPage
}
