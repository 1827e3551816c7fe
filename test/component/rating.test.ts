/** The question at the end of a conversation, and what tells of messages beside the chat. */
import { fireEvent } from '@testing-library/svelte'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { WidgetOptions } from '../../widget/options.ts'
import { createTitleCount } from '../../widget/panel/alerts/title-count.ts'
import { createExtrasBackend } from '../helpers/extras.ts'
import type { ExtrasBackend } from '../helpers/extras.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

describe('the question at the end', () => {
  let visit: Visit
  let backend: ExtrasBackend
  beforeEach(() => (backend = createExtrasBackend()))
  afterEach(() => {
    visit.leave()
    localStorage.clear()
  })

  const form = () => visit.root.querySelector<HTMLElement>('.rate')
  const look = () => {
    visit.widget.close()
    visit.widget.open()
  }
  const resolve = async (text: string, options: Partial<WidgetOptions> = {}) => {
    visit = await createVisit({ adapter: backend.adapter, ...options })
    await visit.open()
    await visit.say(text)
    await visit.sees(`You said ${text}`)
    backend.isResolved = true
    look()
  }
  const asks = () => until(() => expect(form()).toBeTruthy())
  const choose = (name: string) => fireEvent.click(visit.inside.getByRole('radio', { name }))

  test('is asked once it is resolved, takes no focus, and tells score and words', async () => {
    await resolve('Hi')
    await asks()
    expect(visit.root.activeElement).toBe(visit.box())
    const names = visit.inside.getAllByRole('radio').map((radio: HTMLElement) => radio.getAttribute('aria-label'))
    expect(names).toEqual(['Very bad', 'Bad', 'Okay', 'Good', 'Very good'])
    await choose('Good')
    const comment = visit.inside.getByRole('textbox', { name: 'What could be better? (optional)' })
    await fireEvent.input(comment, { target: { value: ' Be quicker ' } })
    backend.isBroken = true
    const send = () => fireEvent.submit(form() as HTMLElement)
    await send()
    await until(() => expect(visit.root.querySelector('.problem')?.textContent).toMatch('did not work'))
    expect(Object.keys(localStorage).filter((key) => key.endsWith('rated'))).toEqual([])
    backend.isBroken = false
    await send()
    await visit.sees('Thank you for telling us.')
    expect(backend.asked.at(-1)).toMatchObject({ call: 'score', score: 4, comment: 'Be quicker' })
    expect(form()).toBeNull()
    expect(visit.root.activeElement).toBe(visit.box())

    // Not again, here or on another page, until it is resolved another time.
    await visit.reload()
    await visit.open()
    await visit.sees('You said Hi')
    await visit.settle()
    expect(form()).toBeNull()
    backend.isResolved = false
    await visit.say('One more thing')
    await visit.sees('You said One more thing')
    backend.isResolved = true
    look()
    await asks()
    visit.widget.logout()
    await until(() => expect(Object.keys(localStorage).filter((key) => key.endsWith('rated'))).toEqual([]))
  })

  test('is answered by "Not now", too, and stays while nobody answers', async () => {
    await resolve('Hi')
    await asks()
    look()
    await asks()
    await fireEvent.click(visit.inside.getByRole('button', { name: 'Not now' }))
    expect(form()).toBeNull()
    look()
    await visit.settle()
    expect(form()).toBeNull()
    expect(backend.asked).toEqual([])
  })
})

describe("the number in the page's title", () => {
  test('comes and goes, and leaves the title as the page has it', async () => {
    const title = document.head.appendChild(document.createElement('title'))
    title.textContent = '  A  page '
    const count = createTitleCount()
    count.show(1)
    count.show(2)
    expect(title.textContent).toBe('(2)   A  page ')
    count.show(0)
    expect(title.textContent).toBe('  A  page ')

    count.show(2)
    title.textContent = 'Another'
    await until(() => expect(title.textContent).toBe('(2) Another'))
    title.textContent += '!'
    await until(() => expect(title.textContent).toBe('(2) Another!'))
    count.show(3)
    expect(title.textContent).toBe('(3) Another!')
    // Changed and given back in one moment.
    title.textContent = 'A third'
    count.show(0)
    expect(title.textContent).toBe('A third')

    count.show(1)
    const other = document.createElement('title')
    other.textContent = 'Of another element'
    title.replaceWith(other)
    count.show(2)
    expect(other.textContent).toBe('(2) Of another element')
    count.show(0)
    expect(other.textContent).toBe('Of another element')
    other.remove()
    count.show(1)
    expect(document.head.querySelector('title')).toBeNull()
    count.show(0)
  })
})
