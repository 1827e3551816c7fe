/** The text beside the launcher: when it is there, how it goes, and what the browser keeps of it. */
import { fireEvent } from '@testing-library/svelte'
import { afterEach, expect, test, vi } from 'vitest'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import type { WidgetOptions } from '../../widget/options.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

let visit: Visit | undefined
afterEach(() => {
  visit?.leave()
  localStorage.clear()
  document.documentElement.lang = ''
})

const visitWith = async (options: Partial<WidgetOptions>): Promise<Visit> =>
  (visit = await createVisit({ adapter: createMemoryAdapter({ delayMs: 0 }), ...options }))
const status = (v: Visit) => v.root.querySelector('.invite [role=status]')
const isSaid = (v: Visit, text: string) => until(() => expect(status(v)?.textContent).toBe(text))
/** Waits until the part is there, which has nothing to say. */
const isSilent = async (v: Visit) => {
  await until(() => expect(status(v)).toBeTruthy())
  await v.settle()
  expect(v.root.querySelectorAll('.invite button')).toHaveLength(0)
}
const text = { en: 'May we help?', de: 'Dürfen wir helfen?' }

test('it is read aloud in the language of the page, and a click opens the chat', async () => {
  document.documentElement.lang = 'de-CH'
  const here = await visitWith({ invite: [{ text }] })
  await isSaid(here, 'Dürfen wir helfen?')
  here.widget.setLocale('en')
  await isSaid(here, 'May we help?')
  expect(localStorage).toHaveLength(0)
  await fireEvent.click(here.inside.getByRole('button', { name: 'May we help?' }))
  await until(() => expect(here.inside.getByRole('dialog')).toBeTruthy())
  here.widget.close()
  await isSilent(here)
  // It was not said that it should come but once.
  expect(Object.keys(localStorage).filter((key) => key.startsWith('lumika:invite'))).toEqual([])
})

test('closed by Escape it gives the focus to the launcher, and comes back on another page, unless it is to come once', async () => {
  const rule = { text, once: true }
  const here = await visitWith({ invite: [rule] })
  await isSaid(here, 'May we help?')
  await here.reload()
  await isSaid(here, 'May we help?')
  const close = here.inside.getByRole('button', { name: 'Close' })
  close.focus()
  await fireEvent.keyDown(close, { key: 'Escape' })
  expect(here.root.activeElement).toBe(here.root.querySelector('.launcher'))
  await isSilent(here)
  await here.reload()
  await isSilent(here)
  const invite = [rule, { text: { en: 'Something else' } }]
  here.widget.update({ invite })
  await isSaid(here, 'Something else')
  await fireEvent.click(here.inside.getByRole('button', { name: 'Close' }))
  await isSilent(here)
  await here.reload()
  here.widget.update({ invite })
  await isSaid(here, 'Something else')
})

test('it waits as long as it is told to, and whoever opens the chat before never sees it', async () => {
  const here = await visitWith({ invite: [{ text, after: 0.2, once: true }] })
  await isSilent(here)
  await isSaid(here, 'May we help?')
  await here.reload()
  await isSilent(here)
  await here.open()
  here.widget.close()
  await here.reload()
  await isSilent(here)
})

test('there is none without a rule for the page, a launcher, or a chat that is closed', async () => {
  const here = await visitWith({ invite: [{ text, url: '/elsewhere/*' }] })
  await isSilent(here)
  here.widget.update({ invite: [{ text }], launcher: false })
  await isSilent(here)
  here.widget.update({ launcher: true })
  await isSaid(here, 'May we help?')
  here.widget.update({ invite: null })
  await isSilent(here)
  here.leave()
  const open = await visitWith({ invite: [{ text }], open: true })
  await until(() => expect(open.inside.getByRole('dialog')).toBeTruthy())
  open.widget.close()
  await open.settle()
  expect(open.root.querySelector('.invite')).toBe(null)
})
