import { fireEvent } from '@testing-library/svelte'
import { afterEach, expect, test, vi } from 'vitest'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import type { ChatAdapter } from '../../adapters/adapter.ts'
import type { MemoryAdapterOptions } from '../../adapters/memory.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

let visit: Visit
afterEach(() => visit.leave())

/** A page whose screen reader hears what is put into the region for it. */
async function listen(options: MemoryAdapterOptions, more: Partial<ChatAdapter> = {}) {
  const adapter = createMemoryAdapter({ delayMs: 0, ...options })
  visit = await createVisit({ adapter: { ...adapter, ...more } })
  await visit.open()
  const heard: string[] = []
  const observer = new MutationObserver((changes) => {
    for (const { addedNodes, target } of changes)
      if ((target as Element).closest?.('[aria-live="polite"]'))
        for (const node of addedNodes) if (node.textContent?.trim()) heard.push(node.textContent)
  })
  observer.observe(visit.root, { childList: true, subtree: true, characterData: true })
  const log = visit.inside.getByRole('log')
  return { adapter, heard, log }
}

test('an answer is read out once, whole, when it is finished, and without its signs', async () => {
  const go: (() => void)[] = []
  const { heard, log } = await listen({
    async *reply() {
      for (const piece of ['The **pot** ', 'is:\n\n- fine', '\n- blue']) {
        await new Promise<void>((resolve) => go.push(resolve))
        yield piece
      }
    },
  })
  // Until what shows messages is there, the log itself says what comes; then a region of its own, and it alone.
  expect(log.getAttribute('aria-live')).toBeNull()
  await visit.say('How is it?')
  for (const text of ['The pot', 'is:', 'blue']) {
    await until(() => expect(go).toHaveLength(1))
    expect(heard).toEqual([])
    go.shift()?.()
    await visit.sees(text)
  }
  await until(() => expect(heard).toEqual(['Assistant: The pot is:\nfine\n\nblue']))
  expect(log.getAttribute('aria-live')).toBe('off')
  await visit.settle()
  expect(heard).toHaveLength(1)
})

test('a person is announced by a name that plays no tricks; what stood there before is not', async () => {
  const { adapter, heard } = await listen({})
  await visit.say('Hello')
  await until(() => expect(heard).toHaveLength(1))
  adapter.postOperatorMessage(visit.kept().conversationId ?? '', 'I am here', 'Sam\u202e\u0007 Ng')
  const reopen = async () => {
    await fireEvent.click(visit.inside.getByRole('button', { name: 'Close chat' }))
    await visit.open()
    await visit.sees('I am here')
  }
  await reopen()
  await until(() => expect(heard.slice(1)).toEqual(['Sam Ng: I am here']))
  await reopen()
  await visit.settle()
  expect(heard).toHaveLength(2)
  expect(visit.root.querySelector('.entry.person .avatar')?.textContent?.trim()).toBe('SN')
  const time = visit.root.querySelector('.entry.person time')
  expect(Date.parse(time?.getAttribute('datetime') ?? '')).toBeGreaterThan(0)
  expect(time?.getAttribute('title')).toMatch(/\d{4}/)
  expect([...visit.root.querySelectorAll('.day')].map(({ textContent }) => textContent)).toEqual(['Today'])
})

test('who is typing is named, and is gone with the end of it', async () => {
  const adapter = createMemoryAdapter({ delayMs: 0 })
  let typing: { name: string } | undefined = { name: 'Sam\u202e' }
  await listen(
    {},
    {
      send: adapter.send,
      resume: adapter.resume,
      history: async (request) => ({ ...(await adapter.history(request)), ...(typing && { typing }) }),
    },
  )
  await visit.say('Hello')
  await visit.sees('Sam is typing…')
  typing = undefined
  await visit.say('Are you there?')
  await until(() => expect(visit.root.querySelector('.typing')).toBeNull())
})
