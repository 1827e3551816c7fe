/** Calls of a backend from a tab, whoever serves them. */
import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { createCalls } from '../../../../widget/engine/tabs/calls.ts'
import type { Call } from '../../../../widget/engine/tabs/calls.ts'

/** A tab whose calls are written down. */
function openCalls() {
  const asked: Call[] = []
  const cancelled: string[] = []
  const calls = createCalls(
    'tab',
    (call) => asked.push(call),
    (id) => cancelled.push(id),
  )
  return { calls, asked, cancelled }
}
const page = { conversationId: 'c', messages: [], lastMessageId: null, hasMore: false }

test('A19: what was answered, or failed, leaves nothing at the signal of the conversation', async () => {
  const { calls, asked, cancelled } = openCalls()
  const { signal } = new AbortController()
  const listeners = () => getEventListeners(signal, 'abort').length
  const reading = [1, 2].map(() => calls.adapter.history({ conversationId: 'c', signal }))
  const stopping = calls.adapter.stop({ conversationId: 'c', turnId: 't', signal })
  expect(listeners()).toBe(3)
  calls.take(asked[0]?.id ?? '', { value: page })
  calls.take(asked[1]?.id ?? '', { error: { name: 'AdapterError', message: 'No.' } })
  calls.take(asked[2]?.id ?? '', { isOver: true })
  expect(await Promise.allSettled([...reading, stopping])).toMatchObject([
    { status: 'fulfilled', value: page },
    { status: 'rejected' },
    { status: 'fulfilled' },
  ])
  expect(listeners()).toBe(0)
  expect(cancelled).toEqual([])
})

test('A19: what is given up is cancelled once, and leaves nothing either', async () => {
  const { calls, asked, cancelled } = openCalls()
  const life = new AbortController()
  const reading = calls.adapter.history({ conversationId: 'c', signal: life.signal })
  life.abort()
  await expect(reading).rejects.toThrow('Aborted.')
  expect(cancelled).toEqual([asked[0]?.id])
  expect(getEventListeners(life.signal, 'abort')).toEqual([])
})
