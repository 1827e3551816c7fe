/** The files of a chat until they are sent. They outlive the closing of the panel, not the page. */
import type { Attachment } from '../../../protocol.ts'
import { withoutDirections } from '../clip.ts'
import type { Conversation } from '../conversation.svelte.ts'
import type Attach from './Attach.svelte'
import { codeOf, defaultBytes, MOST, refusalBy, refusalOf } from './check.ts'
import type { Refused } from './check.ts'
import { Upload } from './upload.svelte.ts'

/** A file that is not taken; without a name, it is about all of them. */
export interface Refusal {
  name: string
  reason: Refused
  /** Bytes of which only the backend has said that they are too many. */
  below?: number | undefined
}

export class Tray {
  /** What shows it. */
  readonly view: typeof Attach
  files = $state.raw<readonly Upload[]>([])
  /** What was not taken of the files chosen last. */
  refused = $state.raw<readonly Refusal[]>([])
  /** The visitor has pressed Send: it goes once all files are there. */
  isWaiting = $state.raw(false)
  /** The file that something has happened to last. */
  newest = $state.raw<Upload>()
  isFull = $derived(this.files.length >= MOST)
  #conversation: Conversation
  /** One file after the other: a browser has few connections for a server, and the answers need one. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(conversation: Conversation, view: typeof Attach) {
    this.#conversation = conversation
    this.view = view
  }

  /** Most bytes of a file. */
  get most(): number {
    return this.#conversation.settings.attachmentBytes || defaultBytes
  }

  add = (files: readonly File[]): void => {
    this.pause()
    this.refused = []
    for (const file of files) {
      const reason = refusalOf(file, this.most) ?? (this.isFull ? 'tooMany' : undefined)
      if (reason) this.#refuse({ name: withoutDirections(file.name), reason })
      else this.#take(new Upload(file))
    }
  }

  /** Says that there are enough. */
  refuseMore = (): void => {
    this.refused = []
    this.#refuse({ name: '', reason: 'tooMany' })
  }

  remove = (upload: Upload): void => {
    this.pause()
    this.refused = []
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
    this.refused = []
    if (!this.files.length) return false
    this.isWaiting = true
    for (const upload of this.files) if (upload.hasFailed) this.start(upload)
    void this.#goOn()
    return true
  }

  clear(): void {
    for (const upload of this.files) upload.stop()
    this.files = this.refused = []
    this.newest = undefined
    this.pause()
  }

  async #run(upload: Upload, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    this.newest = upload
    try {
      const extras = await this.#conversation.extras()
      const whose = await this.#conversation.whose()
      const onProgress = (share: number) => (upload.share = share)
      const attachment = await extras.upload?.({ ...whose, file: upload.file, onProgress, signal })
      if (signal.aborted) return
      upload.conversationId = whose.conversationId
      upload.attachment = attachment
    } catch (error) {
      if (!signal.aborted) this.#fail(upload, error)
    }
    await this.#goOn()
  }

  /** Nothing is sent without it, unless the visitor says so. */
  #fail(upload: Upload, error: unknown): void {
    this.pause()
    const reason = refusalBy(error)
    if (!reason) return upload.fail(codeOf(error))
    this.#drop(upload)
    this.#refuse({ name: upload.name, reason, below: upload.file.size })
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
    // That may ask for something first, and the text may be another tab's by now.
    if (conversation.isAsking || conversation.left < 0) return this.pause()
    const attachments = this.files.map(({ attachment }) => attachment as Attachment)
    const text = conversation.draft.trim() || attachments.map(({ name }) => name).join(', ')
    this.clear()
    conversation.write('')
    conversation.pass(text, attachments)
  }

  #take(upload: Upload): void {
    this.files = [...this.files, upload]
    this.start(upload)
  }

  #drop(upload: Upload): void {
    upload.stop()
    this.files = this.files.filter((each) => each !== upload)
  }

  #refuse(refusal: Refusal): void {
    this.refused = [...this.refused, refusal]
  }
}
