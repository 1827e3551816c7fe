/** A visitor with a browser: sees a widget as people do, and keeps what it stores over reloads. */
import { fireEvent, within } from '@testing-library/svelte'
import { expect, vi } from 'vitest'
import { createWidget } from '../../widget/handle.ts'
import type { LookModule, PanelModule, WidgetHandle } from '../../widget/contract.ts'
import type { WidgetOptions } from '../../widget/options.ts'
import { readSession } from '../../widget/engine/kept.ts'
import type { SessionData } from '../../widget/engine/kept.ts'
import { database } from './idb-keyval.ts'

/** One visitor on one page. Test files that use it mock `idb-keyval` with `./idb-keyval.ts`. */
export interface Visit {
  readonly widget: WidgetHandle
  readonly root: ShadowRoot
  readonly inside: ReturnType<typeof within>
  /** Opens the chat with the launcher. */
  open(): Promise<void>
  box(): HTMLTextAreaElement
  type(text: string): Promise<void>
  /** Writes and sends. */
  say(text: string): Promise<void>
  /** Waits for a text. */
  sees(text: string | RegExp): Promise<void>
  /** All messages, as `speaker: text`. */
  bubbles(): string[]
  /** What the browser has stored. */
  kept(): SessionData
  /** Lets everything happen that is due. */
  settle(): Promise<void>
  /** The same page once more. */
  reload(): Promise<void>
  /** Closes the page and forgets what it stored. */
  leave(): void
}

/** Opens a page with a widget on it. */
export async function createVisit(
  options: Partial<WidgetOptions>,
  loadPanel: () => Promise<PanelModule> = () => import('../../widget/panel/mount.ts'),
  loadLook: () => Promise<LookModule> = () => import('../../widget/look/index.ts'),
): Promise<Visit> {
  const start = () => createWidget({ integrationToken: 'lwt_test', config: false, ...options }, { loadPanel, loadLook })
  const root = () => document.querySelector('lumika-chat')?.shadowRoot as ShadowRoot
  const stored = database('lumika/sessions')
  let widget = start()
  let inside = within(root() as unknown as HTMLElement)

  const visit: Visit = {
    get widget() {
      return widget
    },
    get root() {
      return root()
    },
    get inside() {
      return inside
    },
    async open() {
      await fireEvent.click(inside.getByRole('button', { name: 'Open chat' }))
      await until(() => expect(inside.getByRole('dialog')).toBeTruthy())
      await visit.settle()
    },
    box: () => inside.getByRole('textbox', { name: 'Message' }),
    async type(text) {
      await fireEvent.input(visit.box(), { target: { value: text } })
    },
    async say(text) {
      await visit.type(text)
      // What shows messages is on its way since the first key.
      await import('../../widget/panel/reading/index.ts')
      await fireEvent.click(inside.getByRole('button', { name: 'Send' }))
    },
    async sees(text) {
      await until(() => expect(root().textContent).toMatch(text))
    },
    bubbles: () =>
      [...root().querySelectorAll('.message')].flatMap((message) => {
        const speaker = message.querySelector(':scope > .hidden, :scope > .name')?.textContent?.replace(/:$/, '')
        // The greeting is nobody's message.
        return speaker === undefined ? [] : [`${speaker}: ${message.querySelector('.bubble')?.textContent}`]
      }),
    kept: () => readSession(stored, [...stored.keys()][0]?.split('\n')[0] ?? ''),
    async settle() {
      // Every storage read and every answer in memory takes some turns of the microtask queue, and no time.
      await new Promise((resolve) => setTimeout(resolve))
    },
    async reload() {
      await visit.settle()
      await widget.destroy()
      widget = start()
      inside = within(root() as unknown as HTMLElement)
    },
    leave() {
      void widget.destroy()
      stored.clear()
    },
  }
  return visit
}

/** Waits until an expectation holds; the first time, the panel has to be compiled. */
export const until = (expectation: () => void): Promise<void> => vi.waitFor(expectation, { timeout: 5_000 })
