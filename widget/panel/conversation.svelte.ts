/** What the components show and do: the one reactive class of the widget. */
import { codePoints, limits } from '../../protocol.ts'
import type { Engine, View } from '../engine/engine.ts'

/** The state of a panel. */
export class Conversation {
  /** Set at once: an engine tells what to show while it is made. */
  view = $state.raw() as View
  /** The text being written. */
  draft = $state.raw('')
  isOpen = $state.raw(false)

  /** Code points left; negative when there are too many. */
  left = $derived(limits.textCodePoints - codePoints(this.draft.trim()))
  canSend = $derived(this.draft.trim() !== '' && this.left >= 0)

  #engine: Engine

  /** @param createEngine makes the engine that tells `onChange` what to show */
  constructor(createEngine: (onChange: (view: View) => void) => Engine) {
    this.#engine = createEngine((view) => (this.view = view))
  }

  start = async (): Promise<void> => {
    const draft = await this.#engine.start()
    // Whoever was quicker than the storage keeps what is being written.
    if (this.draft === '') this.draft = draft
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
  newConversation = (): void => {
    this.#engine.newConversation()
    // What is being written stays in the text box, so it stays kept, too.
    if (this.draft !== '') this.write(this.draft)
  }
  destroy = (): void => this.#engine.destroy()
}
