/** Tells the others that one looks at a conversation, and whether one is typing there. */

/** What is told. */
export interface Sign {
  typing: boolean
  /** The draft whose words one is changing. */
  draftId?: string
  /** False: one looks no more. */
  looking?: false
}

/** Options of `Attendance`. */
export interface AttendanceOptions {
  /** Tells the server. It may fail: the next sign makes up for it. */
  tell: (sign: Sign) => Promise<unknown>
  /** How often one is heard of, in milliseconds. @default 10_000 */
  beatMs?: number
  /** How long typing lasts after the last key, in milliseconds. @default 5_000 */
  typingMs?: number
}

/** One's own presence in a conversation. */
export class Attendance {
  readonly #options: Required<AttendanceOptions>
  #beat: ReturnType<typeof setInterval> | undefined
  #rest: ReturnType<typeof setTimeout> | undefined
  #isTyping = false
  #draftId: string | null = null
  /** Signs are told one after the other, so that the last one holds. */
  #telling: Promise<unknown> = Promise.resolve()

  constructor({ beatMs = 10_000, typingMs = 5_000, tell }: AttendanceOptions) {
    this.#options = { tell, beatMs, typingMs }
  }

  /** Tells whether one looks. */
  seen(isSeen: boolean): void {
    if (isSeen) this.#come()
    else this.#leave()
  }

  /** A key was pressed in a reply, or one has stopped: the reply was sent, or left alone. */
  typed(isTyping: boolean): void {
    clearTimeout(this.#rest)
    if (isTyping) this.#rest = setTimeout(() => this.typed(false), this.#options.typingMs)
    if (isTyping === this.#isTyping) return
    this.#isTyping = isTyping
    this.#tell()
  }

  /** Tells which draft's words one is changing; null: none. */
  edits(draftId: string | null): void {
    if (draftId === this.#draftId) return
    this.#draftId = draftId
    this.#tell()
  }

  #come(): void {
    if (this.#beat !== undefined) return
    this.#beat = setInterval(() => this.#tell(), this.#options.beatMs)
    this.#tell()
  }

  #leave(): void {
    if (this.#beat === undefined) return
    clearInterval(this.#beat)
    clearTimeout(this.#rest)
    this.#beat = undefined
    this.#isTyping = false
    this.#send({ typing: false, looking: false })
  }

  #tell(): void {
    if (this.#beat === undefined) return
    const draftId = this.#draftId
    this.#send({ typing: this.#isTyping || draftId !== null, ...(draftId !== null && { draftId }) })
  }

  #send(sign: Sign): void {
    this.#telling = this.#telling.then(() => this.#options.tell(sign)).catch(() => {})
  }
}
