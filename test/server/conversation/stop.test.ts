/** A request to stop is heard, whatever else happens in the moment it comes. */
import { createStorage } from 'unstorage'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import type { TurnValue } from '../../../server/conversations/values.ts'
import { LogError } from '../../../server/storage/log.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openLog } from '../../../server/storage/open.ts'
import { spyResponder } from '../../helpers/responder.ts'
import { eventsOf } from '../../helpers/sse.ts'
import { openWorld } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'

const params = { conversationId: 'a', textContent: 'Hi', clientMessageId: 'a-message-to-be-stopped' }

/** A server on a log that behaves differently, in the middle of an answer that waits to be stopped, and its turn. */
async function inAnAnswer(change: (log: ConversationLog) => Partial<ConversationLog>) {
  const log = await openLog(createStorage())
  const responder = spyResponder(async function* ({ signal }) {
    yield 'Once '
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })
  const place = { kind: 'memory', open: async () => ({ ...log, ...change(log) }), dispose: () => log.close() } as const
  // A sign of life is given three times a lease.
  const world = await openWorld(place, { responder, leaseMs: 150 })
  onTestFinished(() => world.close())
  for await (const { type, id } of eventsOf(await world.post('/conversation/sse', params))) {
    if (type === 'delta') return { world, turnId: id.split('.')[0] ?? '' }
  }
  throw new Error('There was no answer.')
}

/** Waits until the answer stands in the history, as far as it came. */
async function expectStopped(world: World): Promise<void> {
  const read = async () => {
    const response = await world.get('/conversation/history', { conversationId: 'a' })
    return response.status === 200 ? ((await response.json()) as HistoryPage).messages[1] : undefined
  }
  await expect.poll(read, { timeout: 4_000 }).toMatchObject({ body: 'Once ', data: { stopped: true } })
}

const isA = (type: TurnValue['type'], value: unknown): boolean => (value as Partial<TurnValue>).type === type

describe('A23: a request to stop', () => {
  it('A23: is heard at the very place where the next sign of life was to stand', async () => {
    let isAsked = false
    const { world } = await inAnAnswer((log) => ({
      async append(conversation, lane, value, options) {
        if (isA('beat', value) && !isAsked) {
          isAsked = true
          await log.append(conversation, lane, { type: 'stop' })
        }
        return log.append(conversation, lane, value, options)
      },
    }))
    await expectStopped(world)
  })

  it('A23, G10: is heard although the first look at it fails', async () => {
    let isAsked = false
    let failures = 0
    const { world, turnId } = await inAnAnswer((log) => ({
      async append(conversation, lane, value, options) {
        // Without signs of life nothing else looks at the lane.
        if (isA('beat', value)) throw new LogError('storage_unavailable', 'Not now.')
        isAsked ||= isA('stop', value)
        return log.append(conversation, lane, value, options)
      },
      after(conversation, lane, cursor, limit) {
        if (isAsked && lane.startsWith('turn/') && failures++ < 1) throw new LogError('storage_unavailable', 'Not now.')
        return log.after(conversation, lane, cursor, limit)
      },
    }))
    expect((await world.post('/conversation/stop', { conversationId: 'a', turnId })).status).toBe(204)
    await expectStopped(world)
    expect(failures).toBeGreaterThan(1)
  })
})
