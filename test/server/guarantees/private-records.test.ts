/**
 * G8: two runs that differ in private records only give the same public transcript, byte for byte. Random ids are renamed in
 * both by the order in which they are first seen (their dense positions stay), times are taken out; nothing else is.
 */
import { describe, expect, it, vi } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import { createDesk } from '../../../server/conversations/desk.ts'
import { createFeedback } from '../../../server/conversations/feedback.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { PrivateValue } from '../../../server/conversations/values.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import type { SpyResponder } from '../../helpers/responder.ts'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { StorageKind, World, WorldOptions } from '../../helpers/world.ts'
import { watchPlace } from '../wire/watched.ts'

vi.setConfig({ testTimeout: 60_000 })

const conversationId = 'customer-42'
const path = '/conversation/history'
const sse = '/conversation/sse'

/** A server, and what it says to a client, as text. */
interface Run {
  world: World
  log: ConversationLog
  name: string
  /** What makes the difference between two runs: private records, or none. */
  meanwhile: () => Promise<void>
  say: (what: string, response: Response | Promise<Response>) => Promise<string>
  lines: string[]
}

/** What happens in private; null: nothing. Called between any two steps. */
type Meanwhile = ((log: ConversationLog, name: string, count: number) => Promise<unknown>) | null

/** Plays a story on an empty storage, and returns all that could be read of it from outside. */
async function transcriptOf(
  { kind, isFarther }: Setting,
  story: (run: Run) => Promise<void>,
  meanwhile: Meanwhile,
  options: WorldOptions,
): Promise<string[]> {
  const place = watchPlace(await openPlace(kind))
  const near = await openWorld(place, options)
  const log = place.log
  const far = isFarther ? await near.another() : null
  const world = { ...near, ...(far && { get: far.get }) }
  const name = conversationKey(world.integration.id, conversationId)
  let count = 0
  const lines: string[] = []
  const run: Run = {
    ...{ world, log, name, lines },
    meanwhile: async () => void (await meanwhile?.(log, name, count++)),
    async say(what, answering) {
      const response = await answering
      const body = await response.text()
      lines.push(`${what}: ${response.status} ${JSON.stringify([...response.headers])} ${body}`)
      await run.meanwhile()
      return body
    },
  }
  try {
    await run.meanwhile()
    await story(run)
    return renamed(lines)
  } finally {
    await far?.close()
    await near.close()
    await place.dispose()
  }
}

function renamed(lines: string[]): string[] {
  const names = new Map<string, string>()
  const nameOf = (random: string) => names.get(random) ?? names.set(random, `<${names.size}>`).get(random) ?? ''
  return lines.map((line) =>
    line
      .replace(/"createdAt":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g, '"createdAt":"<time>"')
      .replace(/\bt[A-Za-z0-9_-]{22}(?=["\s.])/g, (id) => `turn${nameOf(id)}`)
      .replace(
        /\b([0-9a-z]{1,10})-([A-Za-z0-9_-]{16})(?=")/g,
        (_, position, random) => `${position}-${nameOf(random)}`,
      ),
  )
}

const draft = (body: string): PrivateValue => ({ type: 'draft', body, ends: { turnId: 'tprivate', deltas: 1 } })

/** One, or many, or none, and never the same number twice in a row. */
const drafts: Meanwhile = async (log, name, count) => {
  const amount = [1, 0, 3, 2, 7][count % 5] ?? 0
  for (let n = 0; n < amount; n++) await log.append(name, 'private', draft(`secret ${count} ${n}`))
}

/** The assistant is made to fall silent, and to speak again before anybody asks it something. */
const takeovers: Meanwhile = async (log, name, count) => {
  if ((await log.before(name, 'public', null, 1)).entries.length === 0) return
  const desk = createDesk(log)
  await desk.takeOver(name, 'Ann')
  if (count % 2 === 0) await desk.assign(name, { id: 'secret', name: 'Bob' }, 'Ann')
  await desk.handBack(name, 'Bob')
}

/** Whatever people do that is not for the customer, and what the customer has told them; as often as it comes. */
const deskwork: Meanwhile = async (log, name, count) => {
  if ((await log.before(name, 'public', null, 1)).entries.length === 0) return
  const desk = createDesk(log)
  await desk.note(name, `secret ${count}`, 'Ann')
  await [desk.approveCustomer, desk.revokeApproval][count % 2]?.(name, 'Ann')
  await createFeedback(log).score(name, { score: 1 + (count % 5), comment: 'secret' })
  if (count % 3 === 0) await desk.note(name, 'secret, too', 'Bob', `a-note-with-a-key-${count}`)
}

/** Every page of every size from every place in a conversation, and from places that are none. */
async function readAround({ world, log, name, say }: Run): Promise<void> {
  const all = (await (await world.get(path, { conversationId, limit: '200' })).json()) as HistoryPage
  for (const limit of ['1', '2', '3', '50']) {
    await say(`newest ${limit}`, world.get(path, { conversationId, limit }))
    for (const [n, { id }] of all.messages.entries()) {
      await say(`after ${n}, ${limit}`, world.get(path, { conversationId, limit, afterId: id }))
      await say(`before ${n}, ${limit}`, world.get(path, { conversationId, limit, beforeId: id }))
    }
  }
  const last = all.messages.at(-1)?.id ?? ''
  await say('after the last, waiting', world.get(path, { conversationId, afterId: last, wait: '0.05' }))
  // The id of a private record, or where there is none, one that only looks like it.
  const hidden = (await log.before(name, 'private', null, 1)).entries[0]?.id ?? '0-privateprivatepr'
  for (const cursor of ['afterId', 'beforeId']) {
    await say(`${cursor} of something private`, world.get(path, { conversationId, [cursor]: hidden }))
  }
}

/** A visitor's whole life: sends, retries, resumes, polls, waits, is answered by a person, stops an answer. */
async function visit(run: Run): Promise<void> {
  const { world, say, meanwhile } = run
  await say('an empty history', world.get(path, { conversationId }))
  const key = 'a-key-of-this-visitor'
  const body = await say('a send', world.get(sse, { conversationId, textContent: 'one', clientMessageId: key }))
  const ids = [...body.matchAll(/^id: (.+)$/gm)].map(([, id]) => id ?? '')
  await say('a retry', world.post(sse, { conversationId, textContent: 'one', clientMessageId: key }))
  await say('a mismatch', world.post(sse, { conversationId, textContent: 'two', clientMessageId: key }))
  for (const lastEventId of ids) await say('a resume', world.get(sse, { conversationId, lastEventId }))
  await say('a keyless send', world.post(sse, { conversationId, textContent: 'two' }))
  await readAround(run)

  const waiting = world.get(path, { conversationId, afterId: await lastId(world), wait: '20' })
  const answered = vi.fn()
  void waiting.then(answered)
  for (let n = 0; n < 5; n++) await meanwhile()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(answered).not.toHaveBeenCalled()
  await replyByHand(world)
  await say('a long poll', waiting)
  await readAround(run)
}

/** An answer that is being written, as everybody sees it who looks. */
function visitWhileWriting(gate: ReturnType<typeof valve>) {
  return async (run: Run): Promise<void> => {
    const { world, say, meanwhile } = run
    const stream = (await world.get(sse, { conversationId, textContent: 'slow' })).body?.getReader()
    const read = async () => new TextDecoder().decode((await stream?.read())?.value)
    run.lines.push(await read())
    await meanwhile()
    run.lines.push(await read())
    await meanwhile()
    await say('a history with an active turn', world.get(path, { conversationId }))
    const waiting = world.get(path, { conversationId, afterId: await lastId(world), wait: '20' })
    await meanwhile()
    gate.open()
    await say('a long poll', waiting)
    run.lines.push(await read(), await read(), await read())
    await stream?.cancel()
    await readAround(run)
  }
}

const lastId = async (world: World): Promise<string> =>
  ((await (await world.get(path, { conversationId })).json()) as HistoryPage).lastMessageId ?? ''

async function replyByHand(world: World): Promise<void> {
  const name = conversationKey(world.integration.id, conversationId)
  const response = await world.lumika.fetch(
    new Request(`http://localhost:3000/api/conversations/${name}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ body: 'This is Ann.' }),
    }),
  )
  expect(response.status).toBe(201)
}

/** Where it is tried: with one server, and on Redis also by what is read at another one than what is private comes in by. */
interface Setting {
  kind: StorageKind
  isFarther: boolean
}
const settings: [string, Setting][] = [
  ...storages.map((kind): [string, Setting] => [kind, { kind, isFarther: false }]),
  ['redis, read at the other server', { kind: 'redis', isFarther: true }],
]

describe.each(settings)('G8: private records leave no trace, on %s', (_where, setting) => {
  it('G8, F108: in what a visitor can read, whatever the visitor does', async () => {
    const without = await transcriptOf(setting, visit, null, {})
    expect(without.length).toBeGreaterThan(80)
    for (const meanwhile of [drafts, deskwork, takeovers]) {
      const having = await transcriptOf(setting, visit, meanwhile, {})
      expect(having).toEqual(without)
      expect(having.join()).not.toContain('secret')
    }
  })

  it('G8, F108: in an answer that is being written', async () => {
    const play = (meanwhile: Meanwhile) => {
      const gate = valve()
      const responder = spyResponder(async function* () {
        yield 'one '
        await gate.opened
        yield 'two'
      })
      return transcriptOf(setting, visitWhileWriting(gate), meanwhile, { responder })
    }
    const without = await play(null)
    expect(without.join()).toContain('"activeTurn":{"turnId":"turn<')
    for (const meanwhile of [drafts, deskwork]) expect(await play(meanwhile)).toEqual(without)
  })

  it.each<[string, () => SpyResponder]>([
    ['are written', () => spyResponder()],
    ['are very long', () => spyResponder(() => Array.from({ length: 50 }, () => 'secret '.repeat(100)))],
    ['break off', () => spyResponder(failing)],
  ])('G8: in approval mode, where drafts %s, or nothing is to be said', async (_, responder) => {
    const options = { integration: { responseMode: 'approval' } } as const
    /** Drafts are written in the background: each is waited for, so that it is there when the visitor looks. */
    const settle: Meanwhile = async (log, name) => {
      const { entries } = await log.before<{ turn?: object }>(name, 'public', null, 200)
      const turns = entries.filter(({ value }) => value.turn).length
      await expect.poll(async () => (await endsIn(log, name)).length).toBe(turns)
    }
    /** And each is rejected at once. */
    const reject: Meanwhile = async (log, name, count) => {
      await settle(log, name, count)
      for (const { id, value } of await endsIn(log, name))
        if (value.type === 'draft') await createDesk(log).reject(name, id, 'Ann', 'secret reason')
    }
    const play = (said: SpyResponder, meanwhile: Meanwhile) =>
      transcriptOf(setting, visit, meanwhile, { ...options, responder: said })
    const silent = await play(
      spyResponder(() => []),
      settle,
    )
    for (const meanwhile of [settle, reject]) {
      const having = await play(responder(), meanwhile)
      expect(having).toEqual(silent)
      expect(having.join()).not.toMatch(/secret|You said/)
    }
  })
})

/** How turns have ended that nobody has been told of: with drafts, or with nothing. */
const endsIn = async (log: ConversationLog, name: string) =>
  (await log.before<PrivateValue>(name, 'private', null, 200)).entries.filter(({ value }) => value.type !== 'rejection')

async function* failing() {
  yield 'secret '
  await Promise.reject(new Error('It broke off.'))
}
