/** A browser with tabs, without a browser: locks, channels, a storage, and a widget's engine in each tab. Needs fake timers. */
import type { AdapterEvent, ChatAdapter } from '../../adapters/adapter.ts'
import type { ConversationRecord } from '../../protocol.ts'
import { createEngine } from '../../widget/engine/engine.ts'
import type { Engine, View } from '../../widget/engine/engine.ts'
import { joinTabs } from '../../widget/engine/tabs/tabs.ts'
import type { Shared } from '../../widget/engine/tabs/tabs.ts'
import type { Surroundings } from '../../widget/engine/tabs/surroundings.ts'
import { createSession } from '../../widget/session.ts'
import { createLocks } from './locks.ts'
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
  /** What stands in the text box, and the number on the launcher. */
  readonly draft: string
  readonly unread: number
  readonly isAwake: boolean
  /** Whether the browser keeps its page for a way back. */
  readonly isAway: boolean
  setOpen(isOpen: boolean): void
  write(text: string): void
  /** Sends a text, which leaves the text box empty. */
  send(text: string): void
  /** Whether this tab holds the lock. */
  readonly isLeading: boolean
  show(isVisible: boolean): void
  /** Nothing of it runs any more, and nobody is told. */
  freeze(): void
  thaw(): void
  /** What `pagehide` and `pageshow` bring. What happens in between, the page does not hear of. */
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
  /** Whether there is a conversation that tabs know of. */
  readonly hasConversation: boolean
  readonly tabs: readonly SimulatedTab[]
}

/**
 * Opens one. Its tabs reach the backend by `adapter`, while it is online.
 * @param lagMs how long a message between tabs takes, in milliseconds
 */
export function openBrowser(adapter: ChatAdapter, lagMs = 0): SimulatedBrowser {
  const store = createMemoryStore()
  const locks = createLocks()
  const ears = new Map<object, (message: string) => void>()
  const tabs: SimulatedTab[] = []
  const listeners = new Map<object, (what: 'look' | 'leave' | 'return') => void>()
  let isOnline = true
  /** What the pages keep beside the conversation. */
  let marker: { unread: number } | null = null

  const open: SimulatedBrowser['open'] = ({ isOpen = true, isVisible = true, hasLocks = true } = {}) => {
    const self = {}
    const told: ConversationRecord[] = []
    const shared: Shared[] = []
    let counted = 0
    let view: View | undefined
    let isFrozen = false
    let isAway = false
    /** What came while it was frozen. */
    const late: (() => void)[] = []
    const whileAwake = (run: () => void) => (isFrozen ? void late.push(run) : run())
    const awake = () => new Promise<void>((resolve) => whileAwake(resolve))
    let draft = ''
    let unread = marker?.unread ?? 0
    const setUnread = (count: number) => {
      unread = count
      marker = { unread }
      ring(self)
    }
    /** What the panel does when another tab has changed what is known of the conversation. */
    const hear = async () => {
      unread = marker?.unread ?? 0
      const before = draft
      const kept = await engine.refresh()
      if (draft === before) draft = kept
    }

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
              const deliver = () => [...ears.keys()].forEach((to) => to !== self && hearing(to)?.(message))
              if (lagMs) setTimeout(deliver, lagMs)
              else queueMicrotask(deliver)
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
      adapter: whenAwake(adapter, awake),
      session: createSession('site', store),
      pollMs: 12_000,
      name: 'site',
      loadTabs: async () => ({ join: (options) => joinTabs(options, surroundings) }),
      onChange: (next) => (view = next),
      onNamed: () => setUnread(unread),
      onForgotten() {
        unread = 0
        marker = null
        ring(self)
      },
      onMessage(record, isCounted) {
        told.push(record)
        counted += Number(isCounted && !isOpen)
        setUnread(unread + Number(isCounted && !isOpen))
      },
      onShared(given) {
        shared.push(given)
        draft = given.draft ?? draft
      },
    })
    void engine.start().then((kept) => (draft ||= kept))
    engine.setOpen(isOpen)
    const write = (text: string) => {
      draft = text
      engine.keepDraft(text)
    }

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
      get draft() {
        return draft
      },
      get unread() {
        return unread
      },
      get isAwake() {
        return !isFrozen
      },
      get isAway() {
        return isAway
      },
      setOpen(open) {
        isOpen = open
        engine.setOpen(open)
        if (unread) setUnread(0)
      },
      write,
      send(text) {
        write('')
        engine.send(text)
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
      leave() {
        listeners.get(self)?.('leave')
        isAway = isFrozen = true
      },
      comeBack() {
        isAway = false
        tab.thaw()
        listeners.get(self)?.('return')
        void hear()
      },
    }
    rings.set(self, () => void (isAway || whileAwake(() => void hear())))
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
    get hasConversation() {
      return marker !== null
    },
    setOnline(online) {
      isOnline = online
      for (const listen of listeners.values()) listen('look')
    },
  }
}

/** A page that is frozen asks for nothing, and hears no answer. */
function whenAwake(adapter: ChatAdapter, awake: () => Promise<void>): ChatAdapter {
  async function* stream(open: () => AsyncIterable<AdapterEvent>): AsyncGenerator<AdapterEvent> {
    await awake()
    for await (const item of open()) {
      await awake()
      yield item
    }
  }
  const exchange = async <T>(run: () => Promise<T>): Promise<T> => {
    await awake()
    return run().finally(awake)
  }
  return {
    send: (request) => stream(() => adapter.send(request)),
    resume: (request) => stream(() => adapter.resume(request)),
    history: (request) => exchange(() => adapter.history(request)),
    stop: (request) => exchange(() => adapter.stop(request)),
  }
}
