/** The script tag: `<script src="…/widget.js" data-integration-token="…">` is all a page needs. */
import { createWidget } from './handle.ts'
import type { PanelModule, WidgetHandle } from './handle.ts'
import { optionsFromTag } from './options.ts'
import type { WidgetOptions } from './options.ts'

/** The panel's file, beside `widget.js`. */
declare const __LUMIKA_PANEL__: string

/** What the page finds as `window.Lumika`. */
export interface LumikaGlobal {
  /** Puts one more chat on the page. */
  mountWidget(options: WidgetOptions): WidgetHandle
  /** The chats that script tags have put on the page, by token. */
  widgets: Record<string, WidgetHandle>
}

const page = window as Window & { Lumika?: LumikaGlobal }

// Only while the script runs for the first time is it the current one; modules and tag managers never see themselves.
// An element by the name of `currentScript`, which a page may let its users write, hides the real one.
const current: unknown = document.currentScript
const tag =
  current instanceof HTMLScriptElement
    ? current
    : document.querySelector<HTMLScriptElement>('script[data-integration-token][src*="widget"]')
const source = tag?.src || location.href

const loadPanel = (): Promise<PanelModule> =>
  import(/* @vite-ignore */ new URL(__LUMIKA_PANEL__, source).href) as Promise<PanelModule>

const mountWidget = (options: WidgetOptions): WidgetHandle =>
  createWidget({ ...options, serverUrl: options.serverUrl ?? new URL('.', source).href.replace(/\/$/, '') }, loadPanel)

const lumika = (page.Lumika ??= { mountWidget, widgets: {} })

function start(): void {
  try {
    const options = optionsFromTag(tag?.dataset ?? {})
    const token = options.integrationToken
    // A second tag for the same integration, or the same tag run twice, is the same chat.
    if (!token || lumika.widgets[token]) return
    const widget = mountWidget({ ...options, integrationToken: token })
    const { destroy } = widget
    // Forgotten first: the same tag, added again by the page's router, is to bring the chat back.
    widget.destroy = () => {
      delete lumika.widgets[token]
      return destroy()
    }
    lumika.widgets[token] = widget
  } catch (error) {
    // Whatever it is, the page goes on without a chat.
    console.error('Lumika: the chat could not be started.', error)
  }
}

if (document.body) start()
else document.addEventListener('DOMContentLoaded', start, { once: true })
