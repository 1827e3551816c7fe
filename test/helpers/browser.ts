/** A browser with tabs, without a browser: locks, channels, a storage, and a widget's engine in each tab. Needs fake timers. */
import type { ChatAdapter } from '../../adapters/adapter.ts'
import type { ConversationRecord } from '../../protocol.ts'
import { createEngine } from '../../widget/engine/engine.ts'
import type { Engine, View } from '../../widget/engine/engine.ts'
import { joinTabs } from '../../widget/engine/tabs/tabs.ts'
import type { Shared } from '../../widget/engine/tabs/tabs.ts'
import type { Surroundings } from '../../widget/engine/tabs/surroundings.ts'
import { createSession } from '../../widget/session.ts'
import { createMemoryStore } from './store.ts'
import { linesOf } from './tab.ts'

/** A tab. */
export interface SimulatedTab {
  engine: Engine
  readonly view: View
  lines(): string[]
  told: ConversationRecord[]
  /** How many of them this tab counted as unread. */
  readonly counted: number
  shared: Shared[]
  /** Whether this tab holds the lock. */
  readonly isLeading: boolean
  show(isVisible: boolean): void
  /** Nothing of it runs any more, and nobody is told. */
  freeze(): void
  thaw(): void
  /** What `pagehide` and `pageshow` bring. */
  leave(): void
  comeBack(): void
  /** Closed, by the visitor or by a crash. */
  close(): void
}

/** A browser on one site. */
export interface SimulatedBrowser {
  store: ReturnType<typeof createMemoryStore>
  open(options?: {
    isOpen?: boolean
    isVisible?: boolean
    hasLocks?: boolean
    draft?: (text: string) => void
  }): SimulatedTab
  setOnline(isOnline: boolean): void
  readonly tabs: readonly SimulatedTab[]
}

interface Waiting {
  tab: object
  grant: () => void
  fail: (error: Error) => void
}

/** Opens one. Its tabs reach the backend by `adapter`, while it is online. */
export function openBrowser(adapter: ChatAdapter): SimulatedBrowser {
  const store = createMemoryStore()
  const locks = createLocks()
  const ears = new Map<object, (message: string) => void>()
  const tabs: SimulatedTab[] = []
  const listeners = new Map<object, (what: 'look' | 'leave' | 'return') => void>()
  let isOnline = true

  const open: SimulatedBrowser['open'] = ({ isOpen = true, isVisible = true, hasLocks = true } = {}) => {
    const self = {}
    const told: ConversationRecord[] = []
    const shared: Shared[] = []
    let counted = 0
    let view: View | undefined
    let isFrozen = false
    /** What came while it was frozen. */
    const late: (() => void)[] = []
    const whileAwake = (run: () => void) => (isFrozen ? void late.push(run) : run())

    const surroundings: Surroundings = {
      isVisible: () => isVisible,
      isOnline: () => isOnline,
      watch(listener) {
        listeners.set(self, listener)
        return () => void listeners.delete(self)
      },
      ...(hasLocks && {
        locks: { request: locks.requestBy(self) } as unknown as NonNullable<Surroundings['locks']>,
        openChannel(_name, onMessage) {
          ears.set(self, onMessage)
          return {
            post: (message) => {
              for (const [to] of ears) if (to !== self) queueMicrotask(() => hearing(to)?.(message))
            },
            close: () => void ears.delete(self),
          }
        },
      }),
      now: () => Date.now(),
      after(ms, run) {
        const timer = setTimeout(() => whileAwake(run), ms)
        return () => clearTimeout(timer)
      },
    }
    const hearing = (to: object) => (ears.has(to) ? (gates.get(to) ?? (() => {})) : undefined)
    gates.set(self, (message) => whileAwake(() => ears.get(self)?.(message)))

    const engine = createEngine({
      adapter,
      session: createSession('site', store),
      pollMs: 12_000,
      name: 'site',
      loadTabs: async () => ({ join: (options) => joinTabs(options, surroundings) }),
      onChange: (next) => (view = next),
      onNamed: () => ring(self),
      onForgotten: () => ring(self),
      onMessage(record, isCounted) {
        told.push(record)
        counted += Number(isCounted && !isOpen)
      },
      onShared: (given) => shared.push(given),
    })
    void engine.start()
    engine.setOpen(isOpen)

    const close = () => {
      listeners.delete(self)
      ears.delete(self)
      locks.drop(self)
      engine.destroy()
      tabs.splice(tabs.indexOf(tab), 1)
      rings.delete(self)
    }
    const tab: SimulatedTab = {
      ...{ engine, told, shared, close },
      get view() {
        return view as View
      },
      get counted() {
        return counted
      },
      get isLeading() {
        return locks.holder === self
      },
      lines: () => linesOf(view as View),
      show(visible) {
        isVisible = visible
        listeners.get(self)?.('look')
      },
      freeze: () => void (isFrozen = true),
      thaw() {
        isFrozen = false
        for (const run of late.splice(0)) run()
      },
      leave: () => listeners.get(self)?.('leave'),
      comeBack: () => listeners.get(self)?.('return'),
    }
    rings.set(self, () => whileAwake(() => void engine.refresh()))
    tabs.push(tab)
    return tab
  }

  const gates = new Map<object, (message: string) => void>()
  const rings = new Map<object, () => void>()
  /** The browser's own `storage` event. */
  const ring = (from: object) => {
    for (const [to, hear] of rings) if (to !== from) queueMicrotask(hear)
  }

  return {
    store,
    open,
    tabs,
    setOnline(online) {
      isOnline = online
      for (const listen of listeners.values()) listen('look')
    },
  }
}

/** The Web Locks of an origin, with one lock. */
function createLocks() {
  let holder: (Waiting & { isStolen?: boolean }) | null = null
  const queue: Waiting[] = []

  const next = () => {
    if (holder) return
    holder = queue.shift() ?? null
    holder?.grant()
  }

  return {
    get holder() {
      return holder?.tab
    },
    drop(tab: object) {
      for (let i = queue.length - 1; i >= 0; i--) if (queue[i]?.tab === tab) queue.splice(i, 1)
      if (holder?.tab === tab) holder = null
      next()
    },
    requestBy:
      (tab: object) =>
      (_name: string, options: { steal?: boolean; signal?: AbortSignal }, callback: () => unknown): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const aborted = () => new DOMException('Aborted.', 'AbortError')
          const mine: Waiting = {
            tab,
            fail: reject,
            grant() {
              queueMicrotask(() => {
                Promise.resolve(callback()).then((value) => {
                  if (holder !== mine) return
                  holder = null
                  resolve(value)
                  next()
                }, reject)
              })
            },
          }
          if (options.signal?.aborted) return reject(aborted())
          options.signal?.addEventListener('abort', () => {
            const at = queue.indexOf(mine)
            if (at < 0) return
            queue.splice(at, 1)
            reject(aborted())
          })
          if (options.steal) {
            holder?.fail(aborted())
            holder = mine
            mine.grant()
          } else {
            queue.push(mine)
            next()
          }
        }),
  }
}
