/** What the assistant writes in one conversation, as it grows. */

/** An answer, as far as it is written. */
export interface Written {
  turnId: string
  /** `approval`: it becomes a draft. */
  mode: 'auto' | 'approval'
  text: string
  /** The line was cut: the next piece is all of it again. */
  isAgain?: boolean
  /** It has ended, as far as is known. */
  isOver?: boolean
}

type WritingEvent =
  | { type: 'ready' }
  | { type: 'turn'; turnId: string; mode: Written['mode'] }
  | { type: 'delta'; turnId: string; text: string }
  | { type: 'end'; turnId: string }

/** Options of `Writing`. */
export interface WritingOptions {
  /** The conversation. */
  key: string
  /** Reads the records: what an answer came to stands there once it has ended. */
  refresh: () => Promise<void>
  /** How long to stay on the line while nothing is written, in milliseconds. @default 15_000 */
  idleMs?: number
  /** How long to wait before the line is asked for again, in milliseconds; doubled with each failure, up to 30 s. @default 1_000 */
  retryMs?: number
}

/**
 * The line to what is being written. A browser has six connections to a server that speaks HTTP/1.1, for all its tabs, so it
 * is open only while something is written, or may be, in a tab that is seen.
 */
export class Writing {
  /** What is being written, and what has ended and is not known to stand in the records yet. */
  turns: Written[] = $state.raw([])
  readonly #options: Required<WritingOptions>
  #source: EventSource | null = null
  #isSeen = false
  #failures = 0
  #idle: ReturnType<typeof setTimeout> | undefined
  #retry: ReturnType<typeof setTimeout> | undefined

  constructor({ idleMs = 15_000, retryMs = 1_000, ...options }: WritingOptions) {
    this.#options = { ...options, idleMs, retryMs }
  }

  /** Tells whether anybody looks. */
  seen(isSeen: boolean): void {
    this.#isSeen = isSeen
    if (isSeen) this.look()
    else this.close()
  }

  /** Looks whether something is being written. */
  look(): void {
    if (!this.#isSeen) return
    this.#rest()
    if (!this.#source && this.#retry === undefined) this.#connect()
  }

  close(): void {
    clearTimeout(this.#idle)
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#source?.close()
    this.#source = null
  }

  /** Hangs up after a while in which nothing is written. */
  #rest(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      if (this.turns.length > 0) this.#rest()
      else this.close()
    }, this.#options.idleMs)
  }

  #connect(): void {
    const source = new EventSource(`/api/conversations/${this.#options.key}/writing`)
    this.#source = source
    source.onmessage = ({ data }: MessageEvent<string>) => this.#take(JSON.parse(data) as WritingEvent)
    source.onerror = () => {
      source.close()
      this.#source = null
      const wait = Math.min(30_000, this.#options.retryMs * 2 ** this.#failures++)
      this.#retry = setTimeout(() => {
        this.#retry = undefined
        this.#connect()
      }, wait)
    }
  }

  #take(event: WritingEvent): void {
    this.#rest()
    if (event.type === 'ready') {
      this.#failures = 0
      // Of what was written before a cut nobody knows whether it has ended; what has not is named again.
      for (const { turnId } of this.turns) void this.#settle(turnId)
    } else if (event.type === 'turn') this.#begin(event)
    else if (event.type === 'delta') this.#add(event)
    else void this.#settle(event.turnId)
  }

  #begin({ turnId, mode }: Pick<Written, 'turnId' | 'mode'>): void {
    // Its text stays until all of it is here again, so that nothing flickers.
    if (this.#find(turnId)) this.#change(turnId, { isAgain: true, isOver: false })
    else this.turns = [...this.turns, { turnId, mode, text: '' }]
  }

  #add({ turnId, text }: Pick<Written, 'turnId' | 'text'>): void {
    const known = this.#find(turnId)
    this.#change(turnId, { isAgain: false, text: known?.isAgain ? text : `${known?.text}${text}` })
  }

  /** Lets go of an answer once the records are read. */
  async #settle(turnId: string): Promise<void> {
    this.#change(turnId, { isOver: true })
    await this.#options.refresh()
    if (this.#find(turnId)?.isOver) this.turns = this.turns.filter((turn) => turn.turnId !== turnId)
  }

  #find(turnId: string): Written | undefined {
    return this.turns.find((turn) => turn.turnId === turnId)
  }

  #change(turnId: string, change: Partial<Written>): void {
    this.turns = this.turns.map((turn) => (turn.turnId === turnId ? { ...turn, ...change } : turn))
  }
}
