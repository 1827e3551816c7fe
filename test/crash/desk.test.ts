/**
 * T1 for the people's side: a server dies at every step of what an operator does (approve, reject, note, reply, take over,
 * approve the customer), the operator does it again, and in the end it has been done once.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conversationKey } from '../../server/conversations/keys.ts'
import type { OperatorRecord } from '../../server/conversations/records.ts'
import { aftermath } from './aftermath.ts'
import type { Aftermath } from './aftermath.ts'
import { readHistory, readRecords } from './read.ts'
import { buildEntry } from './server.ts'
import { openStage } from './stage.ts'
import type { LastingKind, Stage } from './stage.ts'

const leaseMs = 1_500
const isLong = process.env.LUMIKA_KILLS !== undefined

/** What an operator does to a conversation in which a draft waits. */
interface Deed {
  name: string
  path: (draftId: string) => string
  body: () => Record<string, string>
  /** What customers read after the question, and how many records of a kind there are, whatever died on the way. */
  replies: number
  kinds: Record<string, number>
}

const clientMessageId = () => randomUUID()
const deeds: Deed[] = [
  { name: 'approves a draft', path: (id) => `drafts/${id}/approve`, body: () => ({}), replies: 1, kinds: {} },
  {
    name: 'approves a draft in other words',
    path: (id) => `drafts/${id}/approve`,
    body: () => ({ body: 'In other words.' }),
    replies: 1,
    kinds: {},
  },
  {
    name: 'rejects a draft',
    path: (id) => `drafts/${id}/reject`,
    body: () => ({}),
    replies: 0,
    kinds: { rejection: 1 },
  },
  {
    name: 'notes something',
    path: () => 'notes',
    body: () => ({ body: 'Be kind.', clientMessageId: clientMessageId() }),
    replies: 0,
    kinds: { note: 1 },
  },
  {
    name: 'replies',
    path: () => 'messages',
    body: () => ({ body: 'This is Sam.', clientMessageId: clientMessageId() }),
    replies: 1,
    kinds: {},
  },
  { name: 'takes over', path: () => 'takeover', body: () => ({}), replies: 0, kinds: { 'taken-over': 1 } },
  {
    name: 'approves the customer',
    path: () => 'approve-customer',
    body: () => ({}),
    replies: 1,
    kinds: { 'customer-approved': 1 },
  },
]

/** How a step is died at: before it, in the middle of it, or when it was done and nobody had heard of it. */
const manners: Record<LastingKind, readonly string[]> = { fs: ['step', 'torn'], redis: ['step', 'sent'] }

/** Two of three steps are left to the long run: on files and on Redis the others differ. */
const stride = isLong ? 1 : 3

const settings = (['fs', 'redis'] as const).flatMap((kind) =>
  (isLong ? ([1, 2] as const) : ([kind === 'redis' ? 2 : 1] as const)).map((replicas) => ({ kind, replicas })),
)

let entry: Awaited<ReturnType<typeof buildEntry>>
beforeAll(async () => {
  entry = await buildEntry()
})
afterAll(() => entry.remove())

describe('a server dies while an operator works', () => {
  it.concurrent.each(settings)(
    'T1, F90, F98: at the steps of every deed, on $kind, $replicas of them',
    async ({ kind, replicas }) => {
      const stage = await openStage({ kind, replicas, entry: entry.file, leaseMs, gapMs: 5 })
      let deaths = 0
      const wrong: string[] = []
      let found: Aftermath
      try {
        for (const deed of deeds) {
          for (const manner of manners[kind]) {
            for (let n = 1, isOver = false; !isOver && n <= 40; n += stride) {
              const result = await play(stage, deed, `${manner} ${n}`)
              wrong.push(...result.wrong.map((what) => `${deed.name}, ${manner} ${n}: ${what}`))
              isOver = !result.died
              if (result.died) deaths++
            }
          }
        }
        found = await stage.audit(aftermath)
      } finally {
        await stage.close()
      }
      expect(wrong).toEqual([])
      expect(found.flaws).toEqual([])
      // Every deed writes at least once, and can die before it.
      expect(deaths).toBeGreaterThanOrEqual(deeds.length)
    },
    600_000,
  )
})

/** One deed, one death, and the deed again until somebody says that it is done. */
async function play(stage: Stage, deed: Deed, moment: string): Promise<{ died: boolean; wrong: string[] }> {
  const door = stage.doors.approval
  const conversationId = `customer-${randomUUID()}`
  const key = conversationKey(door.integrationId, conversationId)
  const base = () => stage.bases()[0] ?? ''
  const draft = await ask(stage, conversationId)

  const [victim] = stage.servers
  if (!victim) throw new Error('There is no server to die.')
  const body = deed.body()
  const attempt = () => stage.operatorWrites(base(), `/api/conversations/${key}/${deed.path(draft.id)}`, body)
  await victim.arm(moment)
  const first = await attempt().catch(() => null)
  // What is done once more after the answer, as closing a mark, is a step as well.
  const outlives = async () => {
    await pause(100)
    await victim.arm(null)
    return true
  }
  const died = first === null || !(await outlives().catch(() => false))
  if (died) {
    await victim.ended
    await stage.goOn(victim)
  }
  // The operator's page tries again with what it had sent.
  const again = await attempt()
  const wrong = again.ok ? [] : [`the second try: ${again.status} ${await again.text()}`]
  await stage.restore()

  for (const address of stage.bases()) {
    const { records } = await readHistory(address, door, conversationId)
    const replies = records.slice(1)
    if (replies.length !== deed.replies) wrong.push(`${replies.length} replies are public`)
    const all = await readRecords(stage, address, door, conversationId)
    for (const [kind, count] of Object.entries(deed.kinds)) {
      const seen = all.filter((record) => kindOf(record) === kind).length
      if (seen !== count) wrong.push(`${seen} records say ${kind}`)
    }
  }
  return { died, wrong }
}

/** A customer asks, and a draft of the answer waits. */
async function ask(stage: Stage, conversationId: string): Promise<OperatorRecord> {
  const door = stage.doors.approval
  const query = new URLSearchParams({ integrationToken: door.token, conversationId, textContent: 'Hello' })
  const sent = await fetch(`${stage.bases()[0]}/conversation/sse?${query.toString()}`)
  await sent.text()
  for (const since = performance.now(); performance.now() - since < 20_000; await pause(20)) {
    const records = await readRecords(stage, stage.bases()[0] ?? '', door, conversationId)
    const draft = records.find(({ type }) => type === 'draft')
    if (draft) return draft
  }
  throw new Error('No draft was written.')
}

/** What a private record is: its type, and of an event which. */
const kindOf = (record: OperatorRecord): unknown => (record.type === 'event' ? record.data?.['event'] : record.type)
