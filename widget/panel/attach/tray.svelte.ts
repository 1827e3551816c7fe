/** The files of a chat until they are sent. They outlive the closing of the panel, not the page. */
import type { Attachment } from '../../../protocol.ts'
import { withoutDirections } from '../clip.ts'
import type { Conversation } from '../conversation.svelte.ts'
import type Attach from './Attach.svelte'
import { defaultBytes, MOST, problemOf, reasonOf } from './check.ts'
import type { Problem } from './check.ts'
import { Upload } from './upload.svelte.ts'

/** A file that is not sent. */
export interface Refusal {
  name: string
  reason: Problem
}

export class Tray {
  /** What shows it. */
  readonly view: typeof Attach
  files = $state.raw<readonly Upload[]>([])
  /** What was not taken of the files chosen last. */
  refused = $state.raw<readonly Refusal[]>([])
  /** The visitor has sent it: it goes once all files are there. */
  isWaiting = $state.raw(false)
  #conversation: Conversation
  /** One file after the other: a browser has few connections for a server, and the answers need one. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(conversation: Conversation, view: typeof Attach) {
    this.#conversation = conversation
    this.view = view
  }

  /** Most bytes of a file. */
  get most(): number {
    return this.#conversation.settings.attachmentBytes ?? defaultBytes
  }

  add = (files: readonly File[]): void => {
    this.pause()
    this.refused = []
    for (const file of files) {
      const reason = this.files.length < MOST ? problemOf(file, this.most) : 'tooMany'
      if (reason) {
        this.#refuse({ name: withoutDirections(file.name), reason })
        continue
      }
      const upload = new Upload(file)
      this.files = [...this.files, upload]
      this.start(upload)
    }
  }

  remove = (upload: Upload): void => {
    this.pause()
    this.#drop(upload)
  }

  /** Uploads a file, from its beginning. */
  start = (upload: Upload): void => {
    const signal = upload.begin()
    this.#last = this.#last.then(() => this.#run(upload, signal))
  }

  /** The visitor goes on writing: nothing is sent before the next press. */
  pause = (): void => {
    this.isWaiting = false
  }

  /** Whether it sees to the sending of what is in the text box: it does where there are files. */
  hold(): boolean {
    if (!this.files.length) return false
    this.refused = []
    this.isWaiting = true
    for (const upload of this.files) if (upload.problem) this.start(upload)
    void this.#goOn()
    return true
  }

  clear(): void {
    for (const upload of this.files) upload.stop()
    this.files = this.refused = []
    this.pause()
  }

  async #run(upload: Upload, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { file } = upload
    try {
      const { upload: put } = await this.#conversation.extras()
      const whose = await this.#conversation.whose()
      const onProgress = (share: number) => (upload.share = share)
      const attachment = await put?.({ ...whose, file, onProgress, signal })
      if (signal.aborted) return
      upload.conversationId = whose.conversationId
      upload.attachment = attachment
    } catch (error) {
      if (signal.aborted) return
      this.pause()
      const reason = reasonOf(error)
      if (reason === 'failed') return void (upload.problem = reason)
      // No other try would help.
      this.#drop(upload)
      this.#refuse({ name: upload.name, reason })
    }
    await this.#goOn()
  }

  /** Sends, if that is what the visitor waits for, and all is there. */
  async #goOn(): Promise<void> {
    const conversation = this.#conversation
    const isReady = () => this.isWaiting && this.files.every(({ attachment }) => attachment)
    if (!isReady()) return
    const { conversationId } = await conversation.whose()
    if (!isReady()) return
    // Another tab may have begun another conversation, which has none of them yet.
    const strays = this.files.filter((upload) => upload.conversationId !== conversationId)
    if (strays.length) return strays.forEach(this.start)
    if (conversation.isAsking || conversation.left < 0) return this.pause()
    const attachments = this.files.map(({ attachment }) => attachment as Attachment)
    const text = conversation.draft.trim() || attachments.map(({ name }) => name).join(', ')
    this.clear()
    conversation.write('')
    conversation.pass(text, attachments)
  }

  #drop(upload: Upload): void {
    upload.stop()
    this.files = this.files.filter((each) => each !== upload)
  }

  #refuse(refusal: Refusal): void {
    this.refused = [...this.refused, refusal]
  }
}
