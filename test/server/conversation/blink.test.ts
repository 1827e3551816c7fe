/** A storage that does not answer for one moment, as a process sees it that was paused, breaks no stream. */
import { createStorage } from 'unstorage'
import { describe, expect, it, onTestFinished } from 'vitest'
import { LogError } from '../../../server/storage/log.ts'
import { openLog } from '../../../server/storage/open.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { eventsOf } from '../../helpers/sse.ts'
import { openWorld } from '../../helpers/world.ts'

const params = { conversationId: 'a', textContent: 'Hi', clientMessageId: 'a-message-of-one-blink' }

/** What a stream says on a storage that refuses some reads of it in a row, in the middle of the answer. */
async function said(refusals: number): Promise<string[]> {
  const log = await openLog(createStorage())
  const goesOn = valve()
  let left = 0
  const refused = () => {
    if (left-- > 0) throw new LogError('storage_unavailable', 'Not now.')
  }
  const blinking: typeof log = {
    ...log,
    async find(conversation, key) {
      if (key.startsWith('end:')) refused()
      return log.find(conversation, key)
    },
  }
  const place = { kind: 'memory', open: async () => blinking, dispose: () => log.close() } as const
  const responder = spyResponder(async function* () {
    yield 'One '
    await goesOn.opened
    yield 'two'
  })
  const world = await openWorld(place, { responder })
  onTestFinished(() => world.close())
  const types: string[] = []
  for await (const { type } of eventsOf(await world.post('/conversation/sse', params))) {
    types.push(type)
    if (type === 'delta' && types.length === 2) {
      left = refusals
      goesOn.open()
    }
  }
  return types
}

describe('a stream whose look at the storage fails', () => {
  it('T3: once, goes on to its end', async () => {
    expect(await said(1)).toEqual(['ack', 'delta', 'delta', 'message', 'done'])
  })

  it('A22, G10: and fails again, says so and ends', async () => {
    expect((await said(1_000)).slice(-2)).toEqual(['failure', 'done'])
  })
})
