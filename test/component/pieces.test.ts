/** What messages carry beside their text: quick replies, links, files, and what the visitor thinks of them. */
import { fireEvent, within } from '@testing-library/svelte'
import { userEvent } from '@testing-library/user-event'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../adapters/adapter.ts'
import type { ChatExtras } from '../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import type { MemoryStore } from '../../adapters/memory.ts'
import type { RecordData } from '../../protocol.ts'
import type { WidgetOptions } from '../../widget/options.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

let visit: Visit
afterEach(() => visit.leave())

/** What should be a record's data. */
type Carried = Record<string, unknown>

/** A page of somebody who was answered with such data before. */
async function answeredWith(
  data: Carried,
  extras: ChatExtras = {},
  options: Partial<WidgetOptions> = {},
  body = 'Here you are',
) {
  const store: MemoryStore = new Map()
  const adapter = createMemoryAdapter({ delayMs: 0, store })
  const own = { conversationId: 'c_1', userHash: 'ff' }
  const record = adapter.postOperatorMessage('c_1', body)
  const conversation = store.get('c_1')
  if (conversation) conversation.records = [{ ...record, data: data as RecordData }]
  visit = await createVisit({ adapter: { ...adapter, extras }, ...own, ...options })
  await visit.open()
  await visit.sees(body)
  return { adapter, record }
}
const buttons = (name: string) => within(visit.inside.getByRole('list', { name })).getAllByRole('button')
const suggested = () => buttons('Suggested answers').map((button) => button.textContent)
const links = () => [...visit.root.querySelectorAll<HTMLAnchorElement>('.links a')]
const thumb = (name: string) => visit.inside.getByRole('button', { name })
const pressed = () => ['Helpful', 'Not helpful'].map((name) => thumb(name).getAttribute('aria-pressed'))

describe('quick replies', () => {
  test('are buttons under the newest message, and one of them is the next message', async () => {
    await answeredWith({ quickReplies: ['Yes', { label: 'No', text: 'No, thank you' }] })
    await until(() => expect(suggested()).toEqual(['Yes', 'No']))
    const [, no] = buttons('Suggested answers')
    no?.focus()
    await userEvent.setup().keyboard('{Enter}')
    await visit.sees('You wrote: No, thank you')
    expect(visit.bubbles()[1]).toBe('You: No, thank you')
    expect(visit.inside.queryByRole('list', { name: 'Suggested answers' })).toBe(null)
    // Nobody's focus is lost with the button.
    expect(visit.root.activeElement?.role ?? visit.root.activeElement?.getAttribute('role')).toBe('log')
  })

  test('are few, short and bare, whatever comes', async () => {
    const huge = 'x'.repeat(1_000_000)
    const odd: unknown[] = [
      null,
      1,
      {},
      [],
      { label: 3 },
      ' ',
      { text: 'nameless' },
      '\u202egnp.exe',
      `a${'\u0301'.repeat(50)}`,
    ]
    await answeredWith({ quickReplies: [...odd, huge, ...Array.from({ length: 10_000 }, (_, n) => `No. ${n}`)] })
    await until(() => expect(suggested()).toHaveLength(8))
    expect(suggested()[0]).toBe('gnp.exe')
    expect(suggested()[1]).toHaveLength(7)
    expect(suggested()[2]).toHaveLength(81)
  })

  test.each([
    ['a string', 'Yes'],
    ['an object', { 0: 'Yes', length: 1 }],
    ['null', null],
  ] as [string, unknown][])('that are %s are none', async (_what, quickReplies) => {
    await answeredWith({ quickReplies, links: [{ label: 'Shop', url: 'https://shop.example/' }] })
    await until(() => expect(links()).toHaveLength(1))
    expect(visit.inside.queryByRole('list', { name: 'Suggested answers' })).toBe(null)
  })
})

test('X67, X68: link buttons lead where links in Markdown may lead, and say where', async () => {
  await answeredWith({
    links: [
      { label: 'Our shop', url: 'https://shop.example/a' },
      { label: 'bank.example', url: 'https://evil.example/' },
      { label: 'Run', url: 'javascript:alert(1)' },
      { label: 'Data', url: 'data:text/html,x' },
      { label: 'Up', url: '/api/integrations' },
      { label: 'Secret', url: 'https://bank.example@evil.example/' },
      { label: 'Long', url: `https://shop.example/${'x'.repeat(3_000)}` },
      { url: 'https://shop.example/b' },
      'https://shop.example/c',
      null,
    ],
  })
  await until(() => expect(links()).toHaveLength(3))
  expect(links().map(({ href, textContent }) => [href, textContent?.replace('\u00a0', ' ')])).toEqual([
    ['https://shop.example/a', 'Our shop'],
    ['https://evil.example/', 'bank.example (evil.example)'],
    ['https://shop.example/b', 'shop.example'],
  ])
  for (const { rel, target } of links()) expect([target, rel]).toEqual(['_blank', 'noopener noreferrer nofollow ugc'])
})

describe('thumbs', () => {
  test('say what the visitor thinks, take it back, and know it after a reload', async () => {
    const rate = vi.fn(async () => {})
    const { record } = await answeredWith({ rating: 'down' }, { rate })
    await until(() => expect(pressed()).toEqual(['false', 'true']))
    await fireEvent.click(thumb('Helpful'))
    expect(pressed()).toEqual(['true', 'false'])
    await visit.sees('Thank you for telling us.')
    await fireEvent.click(thumb('Helpful'))
    expect(pressed()).toEqual(['false', 'false'])
    await until(() => expect(rate).toHaveBeenCalledTimes(2))
    expect(rate.mock.calls.map(([call]: unknown[]) => call)).toMatchObject([
      { conversationId: 'c_1', messageId: record.id, rating: 'up', proof: { userHash: 'ff' } },
      { rating: 'none' },
    ])
    // The panel that is closed and opened remembers.
    const worn = visit.root.adoptedStyleSheets.length
    visit.widget.close()
    await visit.open()
    await until(() => expect(pressed()).toEqual(['false', 'false']))
    expect(visit.root.adoptedStyleSheets).toHaveLength(worn)
  })

  test('say so where it could not be stored, and show what is', async () => {
    const fail = () => Promise.reject(new AdapterError('network', 'No answer.'))
    await answeredWith({ rating: 'up' }, { rate: fail })
    await until(() => expect(pressed()).toEqual(['true', 'false']))
    await fireEvent.click(thumb('Not helpful'))
    await visit.sees('Something went wrong.')
    expect(pressed()).toEqual(['true', 'false'])
  })

  test("are not for people's answers, nor where the backend asks for none", async () => {
    const link = { links: [{ label: 'Shop', url: 'https://shop.example/' }] }
    await answeredWith({ author: { kind: 'operator', name: 'Sam' }, ...link }, { rate: async () => {} })
    await until(() => expect(links()).toHaveLength(1))
    expect(visit.inside.queryByRole('button', { name: 'Helpful' })).toBe(null)
    visit.leave()
    await answeredWith(link)
    await until(() => expect(links()).toHaveLength(1))
    expect(visit.inside.queryByRole('button', { name: 'Helpful' })).toBe(null)
  })
})

describe('files', () => {
  const attachmentUrl = (id: string) => `https://chat.example/files/${id}`
  const image = {
    id: 'i'.repeat(32),
    name: 'teapot.png',
    type: 'image/png',
    size: 2_340_000,
    width: 4_000,
    height: 2_000,
  }
  const pdf = { id: 'p'.repeat(32), name: 'bill.pdf', type: 'application/pdf', size: 812 }
  /** A picture says what it is for; a row has the name that it shows. */
  const download = (name: string) =>
    visit.inside.getByRole('link', { name: new RegExp(`^(Download ${name}$|${name} )`) }) as HTMLAnchorElement

  test('are pictures with room kept for them, and rows with name, type and size', async () => {
    await answeredWith({ attachments: [image, pdf] }, { attachmentUrl })
    await until(() => expect(download('bill.pdf').textContent).toMatch(/bill\.pdf\s+PDF · 812 byte/))
    const img = download('teapot.png').querySelector('img') as HTMLImageElement
    expect([img.alt, img.width, img.height, img.loading]).toEqual(['teapot.png', 260, 130, 'lazy'])
    expect([download('teapot.png').target, download('teapot.png').rel]).toEqual(['_blank', 'noopener noreferrer'])
    expect(download('teapot.png').href).toBe(attachmentUrl(image.id))
  })

  test('stand for a text that is only their names', async () => {
    await answeredWith({ attachments: [pdf] }, { attachmentUrl }, {}, 'bill.pdf')
    await until(() => expect(download('bill.pdf')).toBeTruthy())
    expect(visit.root.querySelector<HTMLElement>('.assistant .bubble')?.hidden).toBe(true)
  })

  test('a picture that cannot be shown is a row', async () => {
    await answeredWith({ attachments: [image] }, { attachmentUrl })
    await until(() => expect(download('teapot.png').querySelector('img')).toBeTruthy())
    await fireEvent.error(download('teapot.png').querySelector('img') as HTMLImageElement)
    expect(download('teapot.png').textContent).toMatch(/teapot\.png\s+Image · 2\.3 MB/)
  })

  test('are at most five, and nothing else than files', async () => {
    const odd = [
      null,
      'x',
      { ...pdf, id: '../../etc/passwd' },
      { ...pdf, id: 7 },
      { ...image, width: -1, name: 9, size: 'x' },
    ]
    const many = Array.from({ length: 1_000 }, (_, n) => ({ ...pdf, id: `${n}`.padStart(32, 'p') }))
    await answeredWith({ attachments: [...odd, ...many] }, { attachmentUrl })
    await until(() => expect(visit.root.querySelectorAll('.files a')).toHaveLength(5))
    expect(visit.root.querySelectorAll('.files img')).toHaveLength(1)
  })
})
