/** One file that the visitor has chosen, on its way to the backend. */
import type { Attachment } from '../../../protocol.ts'
import { withoutDirections } from '../clip.ts'
import type { Problem } from './check.ts'

export class Upload {
  readonly file: File
  /** As it is shown: what somebody calls a file may turn the direction of the text around it. */
  readonly name: string
  /** The share that has arrived, 0 to 1. */
  share = $state.raw(0)
  /** Set once it is there. */
  attachment = $state.raw<Attachment>()
  /** Why it is not there; another try may help. */
  problem = $state.raw<Problem>()
  /** It can be sent there and nowhere else. */
  conversationId: string | undefined
  #life = new AbortController()

  constructor(file: File) {
    this.file = file
    this.name = withoutDirections(file.name)
  }

  /** From its beginning. @returns what ends this try */
  begin(): AbortSignal {
    this.stop()
    this.#life = new AbortController()
    this.share = 0
    this.attachment = this.problem = undefined
    return this.#life.signal
  }

  stop(): void {
    this.#life.abort()
  }
}
