/** Work that a process does again and again, in rounds. */

/** What rounds take. */
export interface RoundsOptions<T> {
  /** One round. It is to end early once `isClosed` says so. */
  work: () => Promise<T>
  /** From the end of a round to the beginning of the next, in milliseconds, a quarter more or less. */
  everyMs: number
  /** To the beginning of the first one, likewise. @default everyMs */
  firstMs?: number
  /** Hears why a round broke off. The next one is made all the same. */
  onError: (error: unknown) => void
}

/** The rounds of a process. */
export interface Rounds<T> {
  /** Makes a round after the one that was asked for before. Undefined where it is closed. @throws whatever the work throws */
  now(): Promise<T | undefined>
  readonly isClosed: boolean
  /** Begins no more. Resolves when what is under way has ended; never rejects. */
  close(): Promise<void>
}

/** Begins to make rounds. No timer keeps the process alive. */
export function createRounds<T>({ work, everyMs, firstMs = everyMs, onError }: RoundsOptions<T>): Rounds<T> {
  let running: Promise<T | undefined> = Promise.resolve(undefined)
  let timer: ReturnType<typeof setTimeout> | undefined
  let isClosed = false

  const once = (): Promise<T | undefined> => {
    running = running.catch(() => undefined).then(() => (isClosed ? undefined : work()))
    return running
  }

  const schedule = (ms: number): void => {
    if (isClosed) return
    // Replicas are not to do the same at the same moment.
    timer = setTimeout(
      () =>
        void once()
          .catch(onError)
          .finally(() => schedule(everyMs)),
      ms * (0.75 + Math.random() / 2),
    )
    if (typeof timer === 'object') timer.unref()
  }
  schedule(firstMs)

  return {
    now: once,
    get isClosed() {
      return isClosed
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await running.catch(() => undefined)
    },
  }
}
