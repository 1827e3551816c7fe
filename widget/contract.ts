/** What a page sees of a widget, and what its two halves, the first load and the panel, see of each other. Types only. */
import type { Host } from './host.ts'
import type { LauncherTexts } from './launcher.ts'
import type { Identity, WidgetOptions } from './options.ts'

/** What can be listened to, and what a listener gets. */
export interface WidgetEvents {
  /** The panel is loaded. */
  ready: undefined
  open: undefined
  close: undefined
  /** A message from the assistant or a person arrived. */
  message: { id: string; body: string; author: 'assistant' | 'person' }
  /** The number of messages that arrived while the panel was closed has changed. */
  unread: { count: number }
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
  /** The visitor has signed in: goes on with the conversation that is theirs, in every tab. */
  identify(identity: Identity): void
  /** The visitor has signed out: forgets the conversation and all that the browser keeps of it, in every tab. */
  logout(): void
  /** Changes options. Those left out stay as they are. */
  update(options: Partial<WidgetOptions>): void
  setLocale(locale: string): void
  setTheme(theme: 'auto' | 'light' | 'dark'): void
  /** Listens to an event. Returns the function that ends it. */
  on<E extends keyof WidgetEvents>(event: E, listener: (detail: WidgetEvents[E]) => void): () => void
  off<E extends keyof WidgetEvents>(event: E, listener: (detail: WidgetEvents[E]) => void): void
  /** Takes everything of the widget out of the page. The conversation is kept for the next time. */
  destroy(): Promise<void>
  readonly isOpen: boolean
  /** Messages that arrived while the panel was closed. */
  readonly unread: number
}

/** What the panel is given. */
export interface PanelProps {
  options: WidgetOptions
  /** The visitor closes the panel from inside. */
  onClose: () => void
  onUnread: (count: number) => void
  /** Another tab has signed in, or out where nobody is named. */
  onIdentity: (identity: Identity) => void
  /** The launcher's words in the language of the panel. */
  onTexts: (texts: LauncherTexts) => void
  prepare: Parts['prepare'] | undefined
  emit: <E extends keyof WidgetEvents>(event: E, detail: WidgetEvents[E]) => void
}

/** The panel, as the handle sees it. */
export interface PanelHandle {
  setOpen(isOpen: boolean): void
  send(text: string): void
  newConversation(): void
  logout(): void
  update(options: WidgetOptions): void
  destroy(): Promise<void>
}

/** The module that holds the panel: loaded on the first intent. */
export interface PanelModule {
  mountPanel(root: ShadowRoot, props: PanelProps): PanelHandle
}

/** The module that holds what few sites set of the look: loaded where any of it is set. */
export interface LookModule {
  /** From now on the host shows these options, too. */
  dressUp(host: Host, handle: WidgetHandle, prepare: Parts['prepare'] | undefined): void
}

/** Where the widget's parts come from. */
export interface Parts {
  /** @param host may hold what loading needs */
  loadPanel(host: Element): Promise<PanelModule>
  loadLook(host: Element): Promise<LookModule>
  /** Resolves to the address of a file beside `widget.js` once it is known to have a hash. @default nothing is checked */
  prepare?(host: Element, file: string, integrity: string): Promise<string>
}
