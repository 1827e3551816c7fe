/** What a page is still holding on to, in an engine that does not tell by itself. */

/** A script for the beginning of a page; `leaksForTests()` then tells what is under way. */
export const leakScript = (): string => `<script>(${watchLeaks.toString()})()</script>`

/** Timers, listeners on what outlives a chat, and channels; one line each. */
export type Leaks = () => string[]

/** Runs in the page. */
function watchLeaks(): void {
  const page = window as unknown as Record<string, (...args: unknown[]) => unknown>
  const timers = new Map<unknown, string>()
  const listeners: [target: EventTarget, type: string, listener: unknown, capture: boolean][] = []
  const channels = new Set<BroadcastChannel>()

  /** Those that drive the browser have timers and listeners, too. */
  const isOurs = (): boolean => /\/(panel-[\w-]+|widget)\.js/.test(new Error().stack ?? '')

  const starts = { setTimeout: true, setInterval: false, requestAnimationFrame: true, requestIdleCallback: true }
  for (const [name, isOnce] of Object.entries(starts)) {
    const original = page[name]
    if (!original) continue
    page[name] = (run, ...rest) => {
      const id = original.call(
        window,
        (...given: unknown[]) => {
          if (isOnce) timers.delete(id)
          ;(run as (...given: unknown[]) => void)(...given)
        },
        ...rest,
      )
      if (isOurs()) timers.set(id, name)
      return id
    }
  }
  for (const name of ['clearTimeout', 'clearInterval', 'cancelAnimationFrame', 'cancelIdleCallback']) {
    const original = page[name]
    if (!original) continue
    page[name] = (id) => {
      timers.delete(id)
      return original.call(window, id)
    }
  }

  /** What goes with the chat, or with a call, takes its listeners along. */
  const outlives = (target: EventTarget): boolean =>
    target instanceof Node
      ? target === document || target === document.documentElement || target === document.body
      : !(target instanceof AbortSignal) && !/^IDB/.test(target.constructor.name)
  const captures = (options: unknown): boolean =>
    typeof options === 'object' && options !== null ? Boolean((options as { capture?: boolean }).capture) : !!options
  const { addEventListener, removeEventListener } = EventTarget.prototype
  const forget = (target: EventTarget, type: string, listener: unknown, capture: boolean): void => {
    const at = listeners.findIndex((known) => [target, type, listener, capture].every((part, n) => known[n] === part))
    if (at >= 0) listeners.splice(at, 1)
  }
  EventTarget.prototype.addEventListener = function (this: EventTarget, type, listener, options) {
    const target = this ?? window
    const capture = captures(options)
    if (listener && outlives(target) && isOurs()) {
      forget(target, type, listener, capture)
      listeners.push([target, type, listener, capture])
      const signal = (options as AddEventListenerOptions | undefined)?.signal
      if (signal) addEventListener.call(signal, 'abort', () => forget(target, type, listener, capture))
    }
    addEventListener.call(target, type, listener, options)
  }
  EventTarget.prototype.removeEventListener = function (this: EventTarget, type, listener, options) {
    forget(this ?? window, type, listener, captures(options))
    removeEventListener.call(this ?? window, type, listener, options)
  }

  const NativeChannel = window.BroadcastChannel
  window.BroadcastChannel = class extends NativeChannel {
    constructor(name: string) {
      super(name)
      channels.add(this)
    }
    override close(): void {
      channels.delete(this)
      super.close()
    }
  }

  const leaks: Leaks = () => [
    ...timers.values(),
    ...listeners.map(([target, type]) => `${type} on ${target.constructor.name}`),
    ...[...channels].map(({ name }) => `channel ${name}`),
  ]
  Object.assign(window, { leaksForTests: leaks })
}
