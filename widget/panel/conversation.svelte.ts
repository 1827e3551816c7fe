/** What the components show and do: the one reactive class of the widget. */
import { codePoints, textCodePoints } from '../../protocol.ts'
import type { Engine, View } from '../engine/engine.ts'
import { defaultTexts } from '../locales/texts.ts'
import type { Texts } from '../locales/texts.ts'
import type { Settings } from './settings.ts'

/** Makes the engine that tells `onChange` what to show. */
export type EngineMaker = (settings: Settings, onChange: (view: View) => void) => Engine

/** The state of a panel. */
export class Conversation {
  /** Set at once: an engine tells what to show while it is made. */
  view = $state.raw() as View
  settings = $state.raw() as Settings
  texts = $state.raw<Texts>(defaultTexts)
  /** The language of `texts`. */
  locale = $state.raw('en')
  /** The text being written. */
  draft = $state.raw('')
  isOpen = $state.raw(false)

  /** Code points left; negative when there are too many. */
  left = $derived(textCodePoints - codePoints(this.draft.trim()))
  canSend = $derived(this.draft.trim() !== '' && this.left >= 0)

  #make: EngineMaker
  #engine: Engine

  constructor(settings: Settings, make: EngineMaker) {
    this.settings = settings
    this.#make = make
    this.#engine = make(settings, (view) => (this.view = view))
  }

  start = async (): Promise<void> => {
    const draft = await this.#engine.start()
    // Whoever was quicker than the storage keeps what is being written.
    if (this.draft === '') this.draft = draft
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
    this.#engine = this.#make(settings, (view) => (this.view = view))
    this.draft = ''
    void this.start()
    this.#engine.setOpen(this.isOpen)
  }

  setOpen = (isOpen: boolean): void => {
    this.isOpen = isOpen
    this.#engine.setOpen(isOpen)
  }

  write = (text: string): void => {
    this.draft = text
    this.#engine.keepDraft(text)
  }

  /** Sends what is in the text box, or the text given. The text box is emptied only by what it held. */
  send = (text?: string): void => {
    if (text === undefined) {
      if (!this.canSend) return
      text = this.draft.trim()
      this.write('')
    }
    if (text.trim() !== '') this.#engine.send(text.trim())
  }

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
    // What is being written stays in the text box, so it stays kept, too.
    if (this.draft !== '') this.write(this.draft)
  }
  logout = (): void => {
    this.draft = ''
    void this.#engine.logout()
  }
  destroy = (): void => this.#engine.destroy()
}

const isSameConversation = (one: Settings, other: Settings): boolean =>
  (['serverUrl', 'integrationToken', 'conversationId', 'userHash', 'userJwt', 'adapter'] as const).every(
    (key) => one[key] === other[key],
  )
