/** The script tag: `<script src="…/widget.js" data-integration-token="…">` is all a page needs. */
import { createWidget } from './handle.ts'
import type { Parts, WidgetHandle } from './contract.ts'
import type { MountOptions } from './options.ts'

/** The panel's file beside `widget.js`, and its hash for subresource integrity (none while developing). */
declare const __LUMIKA_PANEL__: readonly [file: string, integrity: string]
/** The same for what few sites set of the look. */
declare const __LUMIKA_LOOK__: readonly [file: string, integrity: string]

/** What a page may call before `widget.js` is there: a function that gets `Lumika`, or a method's name and arguments. */
export type QueuedCall = ((lumika: LumikaGlobal) => void) | [method: string, ...args: unknown[]]

/** What the page finds as `window.Lumika`: the first chat's controls, and more chats. */
export interface LumikaGlobal extends WidgetHandle {
  /** Puts one more chat on the page. */
  mountWidget(options: MountOptions): WidgetHandle
  /** The chats that script tags have put on the page, by name; without a name, by token. */
  widgets: Record<string, WidgetHandle>
  /** Makes a call: now, or as soon as there is a chat. */
  push(...calls: QueuedCall[]): void
}

const page = window as Window & { Lumika?: LumikaGlobal | QueuedCall[] }

// Only while the script runs for the first time is it the current one; modules and tag managers never see themselves, and
// those that run this text are seen in its place. An element by the name of `currentScript`, which a page may let its users
// write, hides the real one.
const tag = [
  document.currentScript as unknown,
  document.querySelector('script[data-integration-token][src*=widget]'),
].find(
  (each): each is HTMLScriptElement =>
    each instanceof HTMLScriptElement && each.matches('[data-integration-token],[src*=widget]'),
)

/** Where the parts of a widget are: beside `widget.js`; if nobody knows where that was, at the widget's server. */
function partsAt(source: string | URL): Parts {
  /** Has the browser fetch a file and compare it with its hash; what is imported afterwards is what was compared. */
  const prepare = (host: Element, file: string, integrity: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const url = new URL(file, source).href
      const link = document.createElement('link')
      if (!integrity || !link.relList.supports('modulepreload')) return resolve(url)
      link.rel = 'modulepreload'
      // Anonymous.
      link.crossOrigin = ''
      link.integrity = integrity
      // A page that trusts scripts by nonce has given one to the tag; hidden from attributes, it can be read here.
      link.nonce = tag?.nonce ?? ''
      link.href = url
      link.onload = () => resolve(url)
      link.onerror = () => {
        link.remove()
        reject(new Error(url))
      }
      host.append(link)
    })
  return {
    prepare,
    async loadPanel(host) {
      try {
        return await import(/* @vite-ignore */ await prepare(host, ...__LUMIKA_PANEL__))
      } catch (error) {
        // Firefox and Safari keep a module that failed for as long as the page lives. The server has all files under this
        // name, too, where the panel's parts find the panel beside them.
        source = new URL('~/', source)
        throw error
      }
    },
    loadLook: async (host) => import(/* @vite-ignore */ await prepare(host, ...__LUMIKA_LOOK__)),
  }
}

const mountWidget = (options: MountOptions): WidgetHandle => {
  const source = tag?.src
  const serverUrl = (options.serverUrl ?? new URL('.', source || location.href).href).replace(/\/$/, '')
  return createWidget({ ...options, serverUrl }, partsAt(source || `${serverUrl}/`))
}

/** The page's global: whatever a chat can do, the first one does; before there is one, the call waits. */
function createGlobal(waiting: QueuedCall[]): LumikaGlobal {
  // Names are the page's: one of them may be `constructor`.
  const widgets = Object.create(null) as Record<string, WidgetHandle>
  const own = {
    mountWidget,
    widgets,
    push(...calls: QueuedCall[]) {
      const [first] = Object.values(widgets)
      if (!first) return void waiting.push(...calls)
      // Each by itself: the page's own mistakes are the page's to hear of, and keep nothing else from being done.
      for (const call of calls) {
        queueMicrotask(() => {
          if (typeof call === 'function') call(lumika)
          else lumika[call[0] as 'open'](...(call.slice(1) as []))
        })
      }
    },
  }
  const lumika = new Proxy(own as LumikaGlobal, {
    get(_, name: keyof LumikaGlobal) {
      if (name in own) return own[name as 'push']
      const [first] = Object.values(widgets)
      if (first) return first[name as 'open']
      // `then` would make a promise of it in the eyes of `await`.
      if (name !== ('then' as string)) return (...args: unknown[]) => own.push([name, ...args])
    },
  })
  return lumika
}

const early = page.Lumika
const waiting = Array.isArray(early) ? early : []
const lumika = early && early !== waiting ? (early as LumikaGlobal) : (page.Lumika = createGlobal(waiting))

function start(): void {
  try {
    const options = { ...tag?.dataset } as unknown as MountOptions & { integrationToken: string }
    const { integrationToken: token, name = token } = options
    // A second tag for the same integration, or the same tag run twice, is the same chat. One that is nowhere in the page
    // is no good any more: where a page has written itself anew, that took our listeners, too.
    const known = lumika.widgets[name]
    if (!token || (known && document.querySelector('lumika-chat'))) return
    void known?.destroy()
    const widget = lumika.mountWidget(options)
    const { destroy } = widget
    // Forgotten first: the same tag, added again by the page's router, is to bring the chat back.
    widget.destroy = () => {
      delete lumika.widgets[name]
      return destroy()
    }
    lumika.widgets[name] = widget
    lumika.push(...waiting.splice(0))
  } catch (error) {
    // Whatever it is, the page goes on without a chat.
    console.error('Lumika:', error)
  }
}

if (document.body) start()
else document.addEventListener('DOMContentLoaded', start, { once: true })
