/** Something the server keeps, read when it is first wanted. */
import { messageOf } from './client.ts'

/** What was read, or why it was not. What is read again stays as it was until the new is there. */
export class Resource<T> {
  /** Undefined until it has been read once. */
  value: T | undefined = $state.raw(undefined)
  problem: string | null = $state(null)
  #isWanted = false
  readonly #read: () => Promise<T>

  constructor(read: () => Promise<T>) {
    this.#read = read
  }

  /** Reads it, unless that was asked for already. */
  want(): void {
    if (!this.#isWanted) void this.load()
  }

  /** Reads it again. */
  async load(): Promise<void> {
    this.#isWanted = true
    this.problem = null
    try {
      this.value = await this.#read()
    } catch (error) {
      this.#isWanted = false
      this.problem = messageOf(error)
    }
  }

  /** Forgets it, as after a log-out. */
  forget(): void {
    this.#isWanted = false
    this.value = undefined
    this.problem = null
  }
}
