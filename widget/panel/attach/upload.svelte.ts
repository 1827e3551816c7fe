/** One file that the visitor has chosen, on its way to the backend. */
import type { Attachment } from '../../../protocol.ts'
import { withoutDirections } from '../clip.ts'
import type { Trouble } from './check.ts'

export class Upload {
  readonly file: File
  /** As it is shown: what somebody calls a file may turn the direction of the text around it. */
  readonly name: string
  /** The share that has arrived, 0 to 1. */
  share = $state.raw(0)
  /** Set once it is there. */
  attachment = $state.raw<Attachment>()
  /** It did not get through; another try may. */
  hasFailed = $state.raw(false)
  trouble: Trouble
  /** Where it can be sent, and nowhere else. */
  conversationId: string | undefined
  #life = new AbortController()

  constructor(file: File) {
    this.file = file
    this.name = withoutDirections(file.name)
  }

  /** From its beginning. Returns what ends this try. */
  begin(): AbortSignal {
    this.stop()
    this.#life = new AbortController()
    this.share = 0
    this.attachment = undefined
    this.hasFailed = false
    return this.#life.signal
  }

  fail(trouble: Trouble): void {
    this.trouble = trouble
    this.hasFailed = true
  }

  stop(): void {
    this.#life.abort()
  }
}
