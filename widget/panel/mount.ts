/** The panel's entry: everything the page does not need before somebody wants to chat. */
import { flushSync, mount, unmount } from 'svelte'
import { createEngine } from '../engine/engine.ts'
import type { PanelHandle, PanelProps } from '../contract.ts'
import { adopt } from '../host.ts'
import { readMarker, watchMarker, writeMarker } from '../marker.ts'
import { storageName } from '../options.ts'
import type { WidgetOptions } from '../options.ts'
import { createSession } from '../session.ts'
import { Conversation } from './conversation.svelte.ts'
import type { EngineMaker, Parts } from './conversation.svelte.ts'
import { createBackend } from './backend.ts'
import { createLanguage } from './language.ts'
import { remember } from './memo.ts'
import Panel from './Panel.svelte'
import css from './panel.css?inline'
import { pageFacts } from './page-facts.ts'
import { createParts } from './parts.ts'
import { settingsOf } from './settings.ts'
import { createFit } from './viewport.ts'

/** Puts the panel into the widget's shadow root, closed. */
export function mountPanel(root: ShadowRoot, props: PanelProps): PanelHandle {
  adopt(root, css)
  // Inside a shadow root the page sees key events as the host's own, so its shortcuts would fire while somebody types.
  // Stopped at the host and not at the root: Svelte hears them at the root, and passes on none that was stopped there.
  for (const type of ['keydown', 'keypress', 'keyup']) root.host.addEventListener(type, (e) => e.stopPropagation())
  root.host.addEventListener('focusin', () => (conversation.isCalm = false))
  const { emit, onClose, onIdentity, onTexts } = props
  const onUnread = (count: number) => {
    props.onUnread(count)
    conversation.alerts.value?.count(count)
  }
  const before = readMarker(storageName(props.options))
  let unread = before?.unread ?? 0
  /** Whether other tabs can tell by the marker what becomes of the conversation. */
  let isMarked = !!before

  const setUnread = (name: string, count: number) => {
    unread = count
    writeMarker(name, { unread, at: Date.now() })
    isMarked = !!readMarker(name)
    onUnread(count)
  }

  const parts = createParts(root, props.prepare)
  const fit = createFit(root.host as HTMLElement)

  const makeEngine: EngineMaker = (settings, onChange) => {
    const { conversationId, userHash, userJwt, adapter, pollMs } = settings
    const name = storageName(settings)
    return createEngine({
      adapter: createBackend(parts, settings),
      session: createSession(name),
      conversationId,
      proof: conversationId === undefined ? undefined : { userHash, userJwt },
      context: () => ({ ...pageFacts(), ...conversation.settings.context }),
      pollMs,
      name,
      // A conversation with an adapter of the page's own is between these two.
      findFormer: adapter ? undefined : async (sought) => (await parts.tabs()).findFormer({ ...sought, name }),
      async loadTabs() {
        const { join } = await parts.tabs()
        // What an adapter of the page's own reaches may be in this tab alone.
        return { join: (options) => join(options, !adapter) }
      },
      onChange,
      onNamed(former) {
        if (former !== undefined) writeMarker(former, null)
        setUnread(name, unread)
      },
      // Other tabs look at what the browser keeps when they hear of this.
      onForgotten() {
        unread = 0
        isMarked = false
        writeMarker(name, null)
        remember(`${name}\nrated`)
        onUnread(0)
      },
      onMessage: ({ id, body, data }, isCounted) => {
        setUnread(name, unread + Number(isCounted && !conversation.isOpen))
        if (isCounted && (!conversation.isOpen || document.hidden)) conversation.alerts.value?.news()
        emit('message', { id, body, author: data?.author ? ('person' as const) : ('assistant' as const) })
      },
      onShared({ draft, identity }) {
        if (draft !== undefined) conversation.draft = draft
        if (identity) onIdentity(identity)
      },
    })
  }

  const name = () => storageName(conversation.settings)

  /** The bell that other tabs ring: somebody has written, read, left the conversation or signed out. */
  const hear = () => {
    const marker = readMarker(name())
    if (!marker && isMarked && conversation.settings.conversationId) return onIdentity({})
    const count = marker ? marker.unread : isMarked ? 0 : unread
    isMarked = !!marker
    void conversation.refresh()
    if (count !== unread) onUnread((unread = count))
  }

  const conversation = new Conversation(settingsOf(props.options), makeEngine, parts)
  const language = createLanguage(parts.languages, (texts, locale) => {
    conversation.words = texts
    conversation.locale = locale
    onTexts(conversation.texts.launcher)
  })
  /** Loads what is set and not there yet; where that fails, the chat is as good, and the next opening tries again. */
  const extend = () => {
    const take = async (name: keyof Parts) => {
      if (!conversation.settings[name] || conversation.parts[name]) return
      const { default: part } = await parts[name]()
      // A text that is being written is not taken from under the visitor's hands.
      if (conversation.parts[name] || (conversation.isOpen && conversation.draft)) return
      conversation.parts = { ...conversation.parts, [name]: part }
    }
    for (const name of ['hours', 'form'] as const) take(name).catch(() => {})
    if (conversation.isSounding || conversation.settings.titleCount) conversation.alerts.load()
    conversation.alerts.value?.count(unread)
    if (conversation.settings.attachments && conversation.isOpen) conversation.attach.load()
  }
  const app = mount(Panel, { target: root, props: { conversation, onClose } })
  // Whoever has a conversation reads it.
  if (before) conversation.begin()
  void conversation.start()
  language.use(props.options.locale)
  onTexts(conversation.texts.launcher)
  extend()
  const unwatch = watchMarker(hear)
  // A page that the browser has kept for a way back has not heard the bell.
  addEventListener('pageshow', hear)

  return {
    setOpen(isOpen) {
      conversation.isPlaced = 'mode' in (root.host as HTMLElement).dataset
      conversation.isCalm = conversation.isPlaced && !root.activeElement
      conversation.setOpen(isOpen)
      fit(isOpen)
      extend()
      if (unread) setUnread(name(), 0)
      // At once, so that the focus can move into what is shown now.
      flushSync()
    },
    send: conversation.send,
    newConversation: conversation.newConversation,
    logout() {
      conversation.logout()
      onIdentity({})
    },
    update(options: WidgetOptions) {
      conversation.update(settingsOf(options))
      language.use(options.locale)
      onTexts(conversation.texts.launcher)
      extend()
    },
    async destroy() {
      fit(false)
      unwatch()
      removeEventListener('pageshow', hear)
      conversation.alerts.value?.destroy()
      conversation.destroy()
      await unmount(app)
    },
  }
}
