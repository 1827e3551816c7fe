/** The public controller of one widget: works from the first moment, and calls the panel once that is there. */
import { createHost } from './host.ts'
import { createLauncher } from './launcher.ts'
import { resolveOptions } from './options.ts'
import type { ResolvedOptions, WidgetOptions } from './options.ts'
import { createSession } from './session.ts'
import type { Session } from './session.ts'

/** What can be listened to, and what a listener gets. */
export interface WidgetEvents {
  /** The panel is loaded. */
  ready: undefined
  open: undefined
  close: undefined
  /** A message from the assistant or a person arrived. */
  message: { id: string; body: string; author: 'assistant' | 'person' }
  /** Something failed that the visitor was told about. */
  error: { code: string }
}

/** Controls a widget. Every call is safe at any time; after `destroy` nothing happens any more. */
export interface WidgetHandle {
  open(): void
  close(): void
  toggle(): void
  /** Sends a message in the visitor's name, and opens the panel. */
  send(text: string): void
  /** Leaves the conversation; the next message starts an empty one. Not where the conversation id is the site's own. */
  newConversation(): void
  /** Listens to an event. Returns the function that ends it. */
  on<E extends keyof WidgetEvents>(event: E, listener: (detail: WidgetEvents[E]) => void): () => void
  /** Takes everything of the widget out of the page. The conversation is kept for the next time. */
  destroy(): Promise<void>
  readonly isOpen: boolean
}

/** What the panel is given. */
export interface PanelProps {
  options: ResolvedOptions
  session: Session
  /** The visitor closes the panel from inside. */
  onClose: () => void
  emit: <E extends keyof WidgetEvents>(event: E, detail: WidgetEvents[E]) => void
}

/** The panel, as the handle sees it. */
export interface PanelHandle {
  setOpen(isOpen: boolean): void
  send(text: string): void
  newConversation(): void
  destroy(): Promise<void>
}

/** The module that holds the panel: loaded on the first intent. */
export interface PanelModule {
  mountPanel(root: ShadowRoot, props: PanelProps): PanelHandle
}

/** Puts a widget on the page. @throws TypeError when the options name neither a token nor an adapter */
export function createWidget(given: WidgetOptions, loadPanel: () => Promise<PanelModule>): WidgetHandle {
  const options = resolveOptions(given)
  const session = createSession(sessionName(options))
  const listeners = new Map<string, Set<(detail: never) => void>>()
  const host = createHost(options)
  let panel: PanelHandle | null = null
  let loading: Promise<PanelModule> | null = null
  let calls: ((panel: PanelHandle) => void)[] = []
  let isMounting = false
  let isOpen = false
  let isDestroyed = false
  let hasFailed = false

  const emit: PanelProps['emit'] = (event, detail) => {
    for (const listener of [...(listeners.get(event) ?? [])]) {
      // A listener is the page's: what it throws is reported to the page, and stops nothing of ours.
      try {
        ;(listener as (detail: unknown) => void)(detail)
      } catch (error) {
        setTimeout(() => {
          throw error
        })
      }
    }
  }

  const prefetch = () => {
    loading ??= (async () => loadPanel())()
    // Whoever needs the module hears of the failure; the next intent tries again.
    loading.catch(() => (loading = null))
    return loading
  }

  const show = () => launcher.show({ isOpen, isLoading: isOpen && !panel && !hasFailed, hasFailed })

  const withPanel = (call: (panel: PanelHandle) => void) => {
    if (isDestroyed) return
    if (panel) return call(panel)
    calls.push(call)
    if (isMounting) return
    isMounting = true
    prefetch().then(mount).catch(fail)
  }

  const mount = (module: PanelModule) => {
    if (isDestroyed || panel) return
    panel = module.mountPanel(host.root, { options, session, onClose: () => setOpen(false), emit })
    hasFailed = false
    emit('ready', undefined)
    for (const call of calls.splice(0)) call(panel)
    show()
  }

  const fail = () => {
    isMounting = false
    if (isDestroyed || panel) return
    // The calls are kept: what the visitor asked for is done once the panel is there.
    setOpen(false)
    hasFailed = true
    show()
    emit('error', { code: 'panel_not_loaded' })
  }

  const setOpen = (open: boolean) => {
    if (isDestroyed || open === isOpen) return
    isOpen = open
    hasFailed = false
    // Only a focus that would be lost is taken care of: one that is elsewhere on the page stays there.
    const hadFocus = host.root.activeElement !== null
    if (open || panel) withPanel((mounted) => mounted.setOpen(isOpen))
    // Before the focus: where the panel covers the page, the launcher is not there while it is open.
    show()
    if (!open && hadFocus) launcher.element.focus({ preventScroll: true })
    emit(open ? 'open' : 'close', undefined)
  }

  const launcher = createLauncher({ onIntent: () => void prefetch().catch(() => {}), onClick: () => setOpen(!isOpen) })
  host.root.append(launcher.element)
  if (options.open) setOpen(true)

  return {
    open: () => setOpen(true),
    close: () => setOpen(false),
    toggle: () => setOpen(!isOpen),
    send(text) {
      setOpen(true)
      withPanel((mounted) => mounted.send(text))
    },
    newConversation: () => withPanel((mounted) => mounted.newConversation()),
    on(event, listener) {
      const set = listeners.get(event) ?? new Set()
      listeners.set(event, set.add(listener as (detail: never) => void))
      return () => void set.delete(listener as (detail: never) => void)
    },
    async destroy() {
      if (isDestroyed) return
      isDestroyed = true
      isOpen = false
      calls = []
      listeners.clear()
      host.remove()
      await panel?.destroy()
    },
    get isOpen() {
      return isOpen
    },
  }
}

const sessionName = ({ serverUrl, integrationToken, conversationId = '' }: ResolvedOptions): string =>
  [serverUrl, integrationToken, conversationId].join('|')
