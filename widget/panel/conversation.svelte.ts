/** What the components show and do: the one reactive class of the widget. */
import { codePoints, textCodePoints } from '../../protocol.ts'
import type { ChatExtras, Whose } from '../../adapters/adapter.ts'
import type { Attachment } from '../../protocol.ts'
import type { Engine, View } from '../engine/engine.ts'
import type { FormAnswers, Localized } from '../features.ts'
import { blend, defaultTexts } from '../locales/texts.ts'
import type { Texts } from '../locales/texts.ts'
import type PreChatForm from './form/PreChatForm.svelte'
import type HoursBanner from './hours/HoursBanner.svelte'
import type { Alerts } from './alerts/index.ts'
import type { Tray } from './attach/index.ts'
import { loadExtras } from './backend.ts'
import { LazyPart } from './lazy-part.svelte.ts'
import { recall } from './memo.ts'
import type Menu from './menu/Menu.svelte'
import type { Loaders } from './parts.ts'
import type Rating from './rating/Rating.svelte'
import type Reading from './reading/Reading.svelte'
import { isSameConversation } from './settings.ts'
import type { Settings } from './settings.ts'
import { createTypist } from './typist.ts'

/** Makes the engine that tells `onChange` what to show. */
export type EngineMaker = (settings: Settings, onChange: (view: View) => void) => Engine

/** What few sites have: loaded where it is set. */
export interface Parts {
  hours?: typeof HoursBanner
  form?: typeof PreChatForm
}

/** The state of a panel. */
export class Conversation {
  /** Set at once: an engine tells what to show while it is made. */
  view = $state.raw() as View
  settings = $state.raw() as Settings
  /** The words of the language. */
  words = $state.raw<Texts>(defaultTexts)
  /** The language of `texts`. */
  locale = $state.raw('en')
  /** Those of the site: for all languages, and before these for this one. */
  texts = $derived(blend(blend(this.words, this.settings.texts?.['*']), this.settings.texts?.[this.locale]))
  /** The text being written. */
  draft = $state.raw('')
  isOpen = $state.raw(false)
  /** Whether it has a place in the page, where it is always open. */
  isPlaced = $state.raw(false)
  /** Whether the visitor is elsewhere on the page: then nothing of ours takes the focus. */
  isCalm = false
  /** What few sites have, once it is loaded. */
  parts = $state.raw<Parts>({})
  /** What the visitor has filled in of the form, and sent along with nothing yet. */
  filled = $state.raw<Record<string, string | boolean>>({})
  /** Whether the menu is open, or will be once it is loaded. */
  isMenuOpen = $state.raw(false)
  /** The visitor's own switch: `on` or `off`, once it was touched. */
  sound = $state.raw(recall('sound'))
  /** The whole of it: it goes along with the next message. */
  answers = $state.raw<FormAnswers>()
  /** What the visitor has said of answers since the page was loaded, by their ids. */
  ratings = $state.raw<Readonly<Record<string, 'up' | 'down' | 'none'>>>({})

  /** Code points left; negative when there are too many. */
  left = $derived(textCodePoints - codePoints(this.draft.trim()))
  /** Whether the form comes before the text box. */
  isAsking = $derived(
    this.parts.form &&
      this.settings.form &&
      !this.answers &&
      !this.view.isLoading &&
      !this.view.hasEarlier &&
      !this.view.bubbles.length,
  )
  /** Whether the backend has any of it. */
  isStored = $derived(this.view.bubbles.some(({ id }) => id))
  isSounding = $derived(this.sound ? this.sound === 'on' : this.settings.sound)
  attach: LazyPart<Tray> = new LazyPart(async () => (await this.loaders.attach()).createTray(this))
  /** The files that go along with the next message, where there may be any. */
  tray: Tray | undefined = $derived(this.settings.attachments ? this.attach.value : undefined)
  canSend = $derived((this.draft.trim() !== '' || !!this.tray?.files.length) && this.left >= 0)

  /** What shows messages. Until it is there, they are plain text. */
  reading: LazyPart<{ default: typeof Reading }>
  menu: LazyPart<{ default: typeof Menu }>
  rating: LazyPart<{ default: typeof Rating }>
  /** Told of messages that nobody has read, where the visitor or the site wants that. */
  alerts: LazyPart<Alerts>
  readonly loaders: Loaders

  #make: EngineMaker
  #engine: Engine
  #type!: ReturnType<typeof createTypist>

  constructor(settings: Settings, make: EngineMaker, loaders: Loaders) {
    this.settings = settings
    this.reading = new LazyPart(loaders.reading)
    this.menu = new LazyPart(loaders.menu)
    this.rating = new LazyPart(loaders.rating)
    this.alerts = new LazyPart(async () => (await loaders.alerts()).createAlerts(this))
    this.loaders = loaders
    this.#make = make
    this.#engine = this.#begin()
  }

  #begin = (): Engine => {
    this.#type = createTypist(
      () => this.extras(),
      () => this.whose(),
    )
    return this.#make(this.settings, (view) => {
      this.view = view
      if (view.isResolved && this.settings.rating) this.rating.load()
    })
  }

  start = async (): Promise<void> => {
    const draft = await this.#engine.start()
    // Whoever was quicker than the storage keeps what is being written.
    if (this.draft === '') this.draft = draft
  }

  /** Words of the site's, in the language of the chat. */
  say = (words: Localized = {}): string => words[this.locale] ?? words['en'] ?? Object.values(words)[0] ?? ''

  /** The form is filled in. */
  answer = (answers: FormAnswers): void => {
    this.answers = answers
  }

  /** Takes other settings on; another visitor or another server is another conversation. */
  update = (settings: Settings): void => {
    const before = this.settings
    this.settings = settings
    const { conversationId, userHash, userJwt } = settings
    // Before this tab leaves the others.
    if (conversationId && !before.conversationId)
      this.#engine.share({ identity: { conversationId, userHash, userJwt } })
    if (isSameConversation(before, settings)) return
    this.#engine.destroy()
    this.#engine = this.#begin()
    this.#leave()
    void this.start()
    this.#engine.setOpen(this.isOpen)
  }

  setOpen = (isOpen: boolean): void => {
    this.isOpen = isOpen
    this.isMenuOpen = false
    this.#engine.setOpen(isOpen)
  }

  write = (text: string): void => {
    this.draft = text
    this.begin()
    this.#engine.keepDraft(text)
    this.rest(!text)
  }

  /** The visitor types, or types no more: told to the people behind the chat, once there is a conversation. */
  rest = (isResting = true): void => {
    if (this.isStored && this.settings.typing) this.#type(!isResting)
  }

  /** Sends what is in the text box, or the text given. The text box is emptied only by what it held. */
  send = (text?: string): void => {
    if (text === undefined) {
      if (!this.canSend || this.tray?.hold()) return
      text = this.draft.trim()
      this.write('')
    }
    this.pass(text)
  }

  /** Sends a text, with files that are there already. */
  pass = (text: string, attachments?: readonly Attachment[]): void => {
    if (text.trim() === '') return
    this.#engine.send(text.trim(), this.answers, attachments)
    this.#forget()
  }

  /** Loads what a message takes: it is there by the time one is sent, also where the network has gone by then. */
  begin = (): void => {
    this.reading.load()
    if (!this.settings.adapter) this.loaders.http().catch(() => {})
  }

  /** What the backend can do beside carrying messages. @throws when that cannot be loaded */
  extras = (): Promise<ChatExtras> => loadExtras(this.loaders, this.settings)
  whose = (): Promise<Whose> => this.#engine.whose()
  retry = (clientMessageId: string): void => this.#engine.retry(clientMessageId)
  stop = (): void => this.#engine.stop()
  loadEarlier = (): Promise<void> => this.#engine.loadEarlier()
  refresh = async (): Promise<void> => {
    const before = this.draft
    const draft = await this.#engine.refresh()
    // A key that was pressed meanwhile is newer than what was kept.
    if (this.draft === before) this.draft = draft
  }
  newConversation = (): void => {
    void this.#engine.newConversation()
    this.#forget()
    // What is being written stays in the text box, so it stays kept, too.
    if (this.draft !== '') this.write(this.draft)
  }
  /** It has been deleted: what the browser keeps of it goes, too. */
  restart = (): void => {
    this.#leave()
    void this.#engine.restart()
  }
  logout = (): void => {
    this.#leave()
    void this.#engine.logout()
  }
  destroy = (): void => {
    this.attach.value?.clear()
    this.#engine.destroy()
  }

  /** Nothing of this visitor's is left. */
  #leave(): void {
    this.draft = ''
    this.attach.value?.clear()
    this.#forget()
  }

  #forget(): void {
    this.filled = {}
    this.answers = undefined
  }
}
