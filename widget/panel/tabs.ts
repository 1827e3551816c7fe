/** The part of the widget that is loaded once there is a conversation: its tabs, and when it looks for news. */
import { joinTabs } from '../engine/tabs/tabs.ts'
import type { Surroundings } from '../engine/tabs/surroundings.ts'
import type { Tabs, TabsOptions } from '../engine/tabs/tabs.ts'

export { findFormer } from '../engine/former.ts'

/** Joins the other tabs of this browser; `isShared` says whether they reach the same backend. */
export const join = (options: TabsOptions, isShared: boolean): Tabs => joinTabs(options, browser(isShared))

/** The tab that this page is in. */
const browser = (isShared: boolean): Surroundings => ({
  isVisible: () => document.visibilityState === 'visible',
  isOnline: () => navigator.onLine,
  watch(listener) {
    const end = new AbortController()
    const on = (target: EventTarget, type: string, what: Parameters<typeof listener>[0]) =>
      target.addEventListener(type, () => listener(what), { signal: end.signal })
    on(document, 'visibilitychange', 'look')
    on(window, 'online', 'look')
    on(window, 'offline', 'look')
    // `freeze` and `resume` are Chromium's: a frozen page runs nothing, and may be thrown away.
    on(window, 'pagehide', 'leave')
    on(document, 'freeze', 'leave')
    on(window, 'pageshow', 'return')
    on(document, 'resume', 'return')
    return () => end.abort()
  },
  ...(isShared && {
    // Outside of a secure context there are none.
    locks: (navigator as Partial<Navigator>).locks,
    openChannel(name, onMessage) {
      const channel = new BroadcastChannel(name)
      channel.onmessage = ({ data }) => onMessage(data as string)
      return { post: (message) => channel.postMessage(message), close: () => channel.close() }
    },
  }),
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
})
