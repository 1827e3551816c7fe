/** Sending files: what becomes of them between the paper clip and the message, whatever goes wrong. */
import { fireEvent } from '@testing-library/svelte'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../adapters/adapter.ts'
import type { ChatAdapter, UploadRequest } from '../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import { attachmentLimits, attachmentTypes } from '../../protocol.ts'
import type { Attachment } from '../../protocol.ts'
import type { WidgetOptions } from '../../widget/options.ts'
import { accepted, MOST } from '../../widget/panel/attach/check.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

/** An upload that a test decides about. */
interface Incoming extends UploadRequest {
  arrive(): void
  fail(code: string, status?: number): void
}

const visits: Visit[] = []
afterEach(() => {
  for (const visit of visits.splice(0)) visit.leave()
  localStorage.clear()
})

/** A visitor in front of a backend that takes files, and what reaches it. */
async function openChat(options: Partial<WidgetOptions> = {}) {
  const memory = createMemoryAdapter({ reply: (text) => `You said ${text}`, delayMs: 0 })
  const uploads: Incoming[] = []
  const sent: Parameters<ChatAdapter['send']>[0][] = []
  const adapter: ChatAdapter = {
    ...memory,
    send: (request) => (sent.push(request), memory.send(request)),
    extras: {
      attachmentUrl: (id) => `https://files.example/${id}`,
      upload: (request) =>
        new Promise((resolve, reject) => {
          const { name, size } = request.file
          const id = `${uploads.length}`.padStart(32, 'f')
          request.signal?.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')))
          uploads.push({
            ...request,
            arrive: () => resolve({ id, name, type: 'image/png', size } satisfies Attachment),
            fail: (code, status = 0) => reject(new AdapterError(code as 'network', 'No.', { status })),
          })
        }),
    },
  }
  const visit = await createVisit({ adapter, attachments: true, ...options })
  visits.push(visit)
  await visit.open()
  const all = <T extends Element>(selector: string) => [...visit.root.querySelectorAll<T>(selector)]
  const clip = () => visit.inside.getByRole('button', { name: 'Attach a file' })
  if (options.attachments !== false) await until(() => expect(clip()).toBeTruthy())
  return {
    visit,
    uploads,
    sent,
    clip,
    chips: () => all('.tray li').map((chip) => chip.querySelector('bdi')?.textContent),
    alerts: () => all('.tray .problem').map(({ textContent }) => textContent),
    status: () => visit.root.querySelector('.tray [role="status"]')?.textContent,
    async choose(...files: File[]) {
      const [picker] = all<HTMLInputElement>('input[type="file"]')
      Object.defineProperty(picker, 'files', { value: files, configurable: true })
      await fireEvent.change(picker as HTMLInputElement)
    },
    /** The upload that was begun last, once there are so many. */
    begun: async (count: number) => {
      await until(() => expect(uploads).toHaveLength(count))
      return uploads.at(-1) as Incoming
    },
    send: () => fireEvent.keyDown(visit.box(), { key: 'Enter' }),
    press: (name: string) => fireEvent.click(visit.inside.getByRole('button', { name })),
  }
}
const png = (name: string, bytes = 2_000) => new File([new Uint8Array(bytes)], name, { type: 'image/png' })

test('what is offered is what the server takes', () => {
  expect(accepted.split(',')).toEqual(Object.keys(attachmentTypes))
  expect(MOST).toBe(attachmentLimits.perMessage)
})

describe('files', () => {
  test('are uploaded one after the other as soon as they are chosen, and go along with the text in their order', async () => {
    const { visit, uploads, sent, chips, status, choose, begun, send } = await openChat()
    await visit.type('Two of them')
    await choose(png('a.png'), png('b.png', 1_500_000))
    expect(visit.root.activeElement).toBe(visit.box())
    const first = await begun(1)
    const bar = () => visit.inside.getByRole('progressbar', { name: 'Uploading a.png' }) as HTMLProgressElement
    expect(bar().value).toBe(0)
    first.onProgress?.(0.5)
    await until(() => expect(bar().value).toBe(0.5))
    expect(status()).toBe('Uploading a.png')
    await visit.settle()
    expect(uploads).toHaveLength(1)
    first.arrive()
    const second = await begun(2)
    second.arrive()
    await until(() => expect(status()).toBe('b.png: 100%'))
    expect(visit.root.querySelector('.tray')?.textContent).toMatch(/a\.png.*2 kB.*b\.png.*1\.5 MB/s)
    await send()
    await visit.sees('You said Two of them')
    expect(sent.map(({ text, attachments }) => [text, attachments])).toEqual([
      ['Two of them', ['0', '1'].map((end) => end.padStart(32, 'f'))],
    ])
    expect(uploads.map(({ conversationId }) => conversationId)).toEqual([
      sent[0]?.conversationId,
      sent[0]?.conversationId,
    ])
    expect(chips()).toEqual([])
    expect(visit.box().value).toBe('')
  })

  test('go without a text, too, and are waited for; whoever writes on decides anew', async () => {
    const { visit, sent, status, choose, begun, send } = await openChat()
    await choose(png('a.png'))
    const upload = await begun(1)
    await visit.type('Look')
    await send()
    expect(status()).toBe('Sending…')
    await visit.type('Look at')
    expect(status()).toBe('Uploading a.png')
    await visit.type('')
    await send()
    await choose(png('b.png'))
    upload.arrive()
    const second = await begun(2)
    expect(sent).toEqual([])
    await send()
    second.arrive()
    await visit.sees('You said a.png, b.png')
    expect(sent).toHaveLength(1)
  })

  test('that are not taken are named, with the reason, and the others are', async () => {
    const { visit, chips, alerts, clip, choose, begun } = await openChat({ attachmentBytes: 5_000 } as object)
    const html = new File(['<p>'], 'page\u202e.html', { type: 'text/html' })
    const names = ['1', '2', '3', '4', '5', '6'].map((name) => png(name))
    await choose(html, png('empty.png', 0), png('big.png', 5_001), ...names)
    const wrong = 'Images and PDF files can be sent, no others.'
    expect(alerts()).toEqual([
      ...[`page.html: ${wrong}`, `empty.png: ${wrong}`],
      ...['big.png: This file is too large. The limit is 5 kB.', '6: At most 5 files at once.'],
    ])
    expect(chips()).toEqual(['1', '2', '3', '4', '5'])
    expect(clip().getAttribute('aria-disabled')).toBe('true')
    await fireEvent.click(clip())
    expect(alerts()).toEqual(['At most 5 files at once.'])
    // The server has the last word.
    for (const [count, code, status, said] of [
      // A proxy's, which says it in its own way.
      [1, 'protocol', 413, '1: This file is too large. The limit is < 2 kB.'],
      [2, 'unsupported_media_type', 415, `2: ${wrong}`],
      [3, 'request_not_allowed', 403, '3: Files cannot be sent here.'],
    ] as const) {
      ;(await begun(count)).fail(code, status)
      await until(() => expect(alerts()).toContain(said))
    }
    expect(chips()).toEqual(['4', '5'])
    expect(clip().getAttribute('aria-disabled')).toBe('false')
    expect(visit.inside.queryByRole('button', { name: /Retry/ })).toBeNull()
  })

  test('that did not get through say so, keep the text, and are tried again by hand and when it is sent', async () => {
    const { visit, sent, alerts, choose, begun, send, press } = await openChat()
    await choose(png('a.png'), png('b.png'))
    await visit.type('Here')
    await send()
    ;(await begun(1)).fail('network')
    await until(() => expect(alerts()).toEqual(['The file could not be uploaded. Check your connection.']))
    ;(await begun(2)).arrive()
    await visit.settle()
    expect(sent).toEqual([])
    expect(visit.box().value).toBe('Here')
    await press('Retry: a.png')
    expect(visit.root.activeElement).toBe(visit.box())
    ;(await begun(3)).fail('rate_limited')
    await until(() => expect(alerts()[0]).toMatch('could not be uploaded'))
    await send()
    ;(await begun(4)).arrive()
    await visit.sees('You said Here')
    expect(sent[0]?.attachments).toEqual(['3', '1'].map((end) => end.padStart(32, 'f')))
  })

  test('are removed, the upload being broken off, and the focus has a place to go', async () => {
    const { visit, uploads, chips, sent, choose, begun, send, press } = await openChat()
    await choose(png('a.png'), png('b.png'), png('c.png'))
    await begun(1)
    await send()
    await press('Remove a.png')
    expect(uploads[0]?.signal?.aborted).toBe(true)
    expect(visit.root.activeElement?.getAttribute('aria-label')).toBe('Remove b.png')
    ;(await begun(2)).arrive()
    await press('Remove c.png')
    expect(visit.root.activeElement?.getAttribute('aria-label')).toBe('Remove b.png')
    await press('Remove b.png')
    expect(visit.root.activeElement).toBe(visit.box())
    expect(chips()).toEqual([])
    await visit.settle()
    expect(sent).toEqual([])
    expect((visit.inside.getByRole('button', { name: 'Send' }) as HTMLButtonElement).disabled).toBe(true)
  })

  test('outlive the closing of the panel; to another conversation they are uploaded anew; who logs out leaves none', async () => {
    const { visit, sent, uploads, chips, choose, begun, send, press } = await openChat()
    await choose(png('a.png'))
    ;(await begun(1)).arrive()
    visit.widget.close()
    visit.widget.open()
    await until(() => expect(chips()).toEqual(['a.png']))
    await press('New conversation')
    await send()
    ;(await begun(2)).arrive()
    await visit.sees('You said a.png')
    expect(uploads[0]?.conversationId).not.toBe(sent[0]?.conversationId)
    expect(uploads[1]?.conversationId).toBe(sent[0]?.conversationId)
    await choose(png('b.png'))
    const last = await begun(3)
    await send()
    visit.widget.logout()
    await until(() => expect(chips()).toEqual([]))
    expect(last.signal?.aborted).toBe(true)
    expect(sent).toHaveLength(1)
  })

  test('may be sent once the server says so, in an open panel with a text in it, too', async () => {
    const { visit, clip } = await openChat({ attachments: false })
    await visit.type('Hello')
    visit.widget.update({ attachments: true })
    await until(() => expect(clip()).toBeTruthy())
    expect(visit.box().value).toBe('Hello')
    visit.widget.update({ attachments: false })
    await until(() => expect(visit.root.querySelector('.clip')).toBeNull())
  })
})
