/** The panel's entry: everything the page does not need before somebody wants to chat. */
import { flushSync, mount, unmount } from 'svelte'
import { createHttpAdapter } from '../../adapters/http.ts'
import { createEngine } from '../engine/engine.ts'
import type { PanelHandle, PanelProps } from '../contract.ts'
import { adopt } from '../host.ts'
import { readMarker, watchMarker, writeMarker } from '../marker.ts'
import { storageName } from '../options.ts'
import type { WidgetOptions } from '../options.ts'
import { createSession } from '../session.ts'
import { Conversation } from './conversation.svelte.ts'
import type { EngineMaker, Parts } from './conversation.svelte.ts'
import { createLanguage } from './language.ts'
import Panel from './Panel.svelte'
import css from './panel.css?inline'
import { pageFacts } from './page-facts.ts'
import { RichText } from './rich-text.svelte.ts'
import { settingsOf } from './settings.ts'

/** The file that shows Markdown, beside this one, and its hash for subresource integrity; nothing in the npm package. */
declare const __LUMIKA_MARKDOWN__: readonly [file: string, integrity: string]
/** The same for the file that joins the tabs of one browser. */
declare const __LUMIKA_TABS__: readonly [file: string, integrity: string]
/** The same for what says when somebody is there, and for the form. */
declare const __LUMIKA_HOURS__: readonly [file: string, integrity: string]
declare const __LUMIKA_FORM__: readonly [file: string, integrity: string]
/** The same for what knows the languages there are beside English. */
declare const __LUMIKA_LANGUAGES__: readonly [file: string, integrity: string]

/** Puts the panel into the widget's shadow root, closed. */
export function mountPanel(root: ShadowRoot, props: PanelProps): PanelHandle {
  adopt(root, css)
  // Inside a shadow root the page sees key events as the host's own, so its shortcuts would fire while somebody types.
  // Stopped at the host and not at the root: Svelte hears them at the root, and passes on none that was stopped there.
  for (const type of ['keydown', 'keypress', 'keyup']) root.host.addEventListener(type, (e) => e.stopPropagation())
  root.host.addEventListener('focusin', () => (conversation.isCalm = false))
  const { emit, onClose, onIdentity, onUnread, onTexts } = props
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

  const load = async <T>(part: () => readonly [file: string, integrity: string], get: () => Promise<T>): Promise<T> => {
    await props.prepare?.(root.host, ...part())
    return get()
  }
  const loadTabs = () =>
    load(
      () => __LUMIKA_TABS__,
      () => import('./tabs.ts'),
    )

  const makeEngine: EngineMaker = (settings, onChange) => {
    const { serverUrl, integrationToken, conversationId, userHash, userJwt, adapter, pollMs } = settings
    const name = storageName(settings)
    return createEngine({
      adapter: adapter ?? createHttpAdapter({ serverUrl, integrationToken }),
      session: createSession(name),
      conversationId,
      proof: conversationId === undefined ? undefined : { userHash, userJwt },
      context: () => ({ ...pageFacts(), ...conversation.settings.context }),
      pollMs,
      name,
      // A conversation with an adapter of the page's own is between these two.
      findFormer: adapter ? undefined : async (sought) => (await loadTabs()).findFormer({ ...sought, name }),
      async loadTabs() {
        const { join } = await loadTabs()
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
        onUnread(0)
      },
      onMessage: ({ id, body, data }, isCounted) => {
        setUnread(name, unread + Number(isCounted && !conversation.isOpen))
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

  const conversation = new Conversation(settingsOf(props.options), makeEngine)
  const loadLanguages = () =>
    load(
      () => __LUMIKA_LANGUAGES__,
      () => import('../locales/languages.ts'),
    )
  const language = createLanguage(loadLanguages, (texts, locale) => {
    conversation.words = texts
    conversation.locale = locale
    onTexts(conversation.texts.launcher)
  })
  /** Loads what is set and not there yet; where that fails, the chat is as good, and the next opening tries again. */
  const extend = () => {
    const take = async (name: keyof Parts, get: () => Promise<{ css: string; default: Parts[keyof Parts] }>) => {
      if (!conversation.settings[name] || conversation.parts[name]) return
      const { css: rules, default: part } = await get()
      // A text that is being written is not taken from under the visitor's hands.
      if (conversation.parts[name] || (conversation.isOpen && conversation.draft)) return
      adopt(root, rules)
      conversation.parts = { ...conversation.parts, [name]: part }
    }
    const nothing = () => {}
    take('hours', () =>
      load(
        () => __LUMIKA_HOURS__,
        () => import('./hours/index.ts'),
      ),
    ).catch(nothing)
    take('form', () =>
      load(
        () => __LUMIKA_FORM__,
        () => import('./form/index.ts'),
      ),
    ).catch(nothing)
  }
  const richText = new RichText(async () => {
    const { Markdown, css: rules } = await load(
      () => __LUMIKA_MARKDOWN__,
      () => import('./markdown/index.ts'),
    )
    adopt(root, rules)
    return Markdown
  })
  const app = mount(Panel, { target: root, props: { conversation, richText, onClose } })
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
      unwatch()
      removeEventListener('pageshow', hear)
      conversation.destroy()
      await unmount(app)
    },
  }
}
