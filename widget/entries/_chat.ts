/** What the entries for frameworks share: one place on the page for a chat, however often it is mounted and unmounted. */
import type { WidgetEvents, WidgetHandle } from '../contract.ts'
import { mountWidget } from '../index.ts'
import type { MountOptions, WidgetOptions } from '../options.ts'

/** Listeners to a chat's events, such as `onMessage`. The newest ones are called. */
export type ChatListeners = {
  [E in keyof WidgetEvents as `on${Capitalize<E>}`]?: (detail: WidgetEvents[E]) => void
}

/** Gets what happens in a chat. */
export type Emit = <E extends keyof WidgetEvents>(event: E, detail: WidgetEvents[E]) => void

/** The place of one chat. */
export interface Chat {
  /** Puts the chat on the page if it is not there. @throws TypeError when neither a token nor an adapter is given */
  mount(options: WidgetOptions): WidgetHandle
  /** Changes what differs from the options before; those that are gone get their defaults back. */
  update(options: WidgetOptions): void
  /** Takes the chat out of the page. The conversation is kept. */
  unmount(): void
}

/** The events of a chat. */
export const events = ['ready', 'open', 'close', 'message', 'unread', 'error'] as const

/** Makes the place of one chat. Touches no page before `mount`. */
export function createChat(emit: Emit): Chat {
  let handle: WidgetHandle | null = null
  let known: Record<string, unknown> = {}
  return {
    mount(options) {
      if (handle) return handle
      handle = mountWidget((known = complete(options)) as unknown as MountOptions)
      for (const event of events) handle.on(event, (detail) => emit(event, detail))
      // What has happened while nobody could listen yet.
      if (handle.isOpen) emit('open', undefined)
      if (handle.unread) emit('unread', { count: handle.unread })
      return handle
    },
    update(options) {
      const before = known
      known = complete(options)
      const changed = Object.keys({ ...before, ...known }).filter((name) => !isSame(before[name], known[name]))
      if (changed[0]) handle?.update(Object.fromEntries(changed.map((name) => [name, known[name]])))
    },
    unmount() {
      void handle?.destroy()
      handle = null
    },
  }
}

/** Calls a listener among properties: `onOpen` for `open`. */
export const callListener = (listeners: ChatListeners, event: keyof WidgetEvents, detail: unknown): void =>
  (listeners as Record<string, (detail: unknown) => void>)[`on${event[0]?.toUpperCase()}${event.slice(1)}`]?.(detail)

/** Options alone, and those that are set, of properties that may hold listeners. */
function complete(properties: object): Record<string, unknown> {
  const options = Object.entries(properties).filter(([name, value]) => value !== undefined && !/^on[A-Z]/.test(name))
  return { serverUrl: location.origin, ...Object.fromEntries(options) }
}

/** Whether an option stays as it is: frameworks make lists and objects anew each time they draw. An adapter is itself. */
const isSame = (one: unknown, other: unknown): boolean =>
  one === other || (hasNoMethods(one) && hasNoMethods(other) && JSON.stringify(one) === JSON.stringify(other))

// An element tells nothing of itself by its own properties.
const hasNoMethods = (value: unknown): boolean =>
  typeof value === 'object' &&
  !(value instanceof EventTarget) &&
  Object.values(value ?? {}).every((part) => typeof part !== 'function')
