/** Files that are about to go with a reply: uploaded as soon as they are chosen. */
import { attachmentLimits, attachmentTypes } from '../../protocol.ts'
import type { Attachment } from '../../protocol.ts'
import { messageOf } from '../api/client.ts'
import type { Api } from '../api/client.ts'

/** A file that was chosen. */
export interface Upload {
  n: number
  name: string
  /** What the server made of it; null while it is on its way. */
  attachment: Attachment | null
  /** Why it was not taken. */
  problem: string | null
}

/** What a dialog for files offers. */
export const accepted = Object.keys(attachmentTypes).join()

/** The files of one reply. */
export class Uploads {
  all: Upload[] = $state.raw([])
  readonly #api: Pick<Api, 'upload'>
  readonly #key: string
  #count = 0

  constructor(api: Pick<Api, 'upload'>, key: string) {
    this.#api = api
    this.#key = key
  }

  /** What is there to be sent. */
  get ready(): Attachment[] {
    return this.all.flatMap(({ attachment }) => attachment ?? [])
  }

  /** Whether something has to be waited for. */
  get isBusy(): boolean {
    return this.all.some(({ attachment, problem }) => !attachment && !problem)
  }

  get isFull(): boolean {
    return this.all.length >= attachmentLimits.perMessage
  }

  /** Takes files, as many as a message may have. */
  async add(files: Iterable<File>): Promise<void> {
    const room = [...files].slice(0, attachmentLimits.perMessage - this.all.length)
    await Promise.all(room.map((file) => this.#upload(file)))
  }

  remove(n: number): void {
    this.all = this.all.filter((each) => each.n !== n)
  }

  /** Gives what is there, and begins anew. */
  take(): Attachment[] {
    const { ready } = this
    this.all = []
    return ready
  }

  async #upload(file: File): Promise<void> {
    const n = this.#count++
    this.all = [...this.all, { n, name: file.name, attachment: null, problem: null }]
    const set = (change: Partial<Upload>) => {
      this.all = this.all.map((each) => (each.n === n ? { ...each, ...change } : each))
    }
    try {
      const path = `conversations/${this.#key}/attachments`
      const { attachment } = await this.#api.upload<{ attachment: Attachment }>(path, { name: file.name }, file)
      set({ attachment, name: attachment.name })
    } catch (error) {
      set({ problem: messageOf(error) })
    }
  }
}
