/** One HTTP exchange: the caller's signal, a limit on silence, and errors of one kind. */
import { AdapterError } from './adapter.ts'

export interface Call {
  /** To be given to `fetch`. */
  signal: AbortSignal
  /**
   * Waits for a step of the exchange.
   * @throws the caller's reason when it aborted; otherwise AdapterError, `network` for whatever went wrong by itself
   */
  step<T>(work: Promise<T>): Promise<T>
  /** Ends what is under way: where a body is only cancelled, Firefox and WebKit keep its connection. */
  abort(): void
  /** Lets go of the caller's signal. */
  close(): void
}

/** Begins one. @param silenceMs longest time a step may take, in milliseconds */
export function startCall(caller: AbortSignal | undefined, silenceMs: number): Call {
  const controller = new AbortController()
  const { signal } = controller
  const leave = (): void => controller.abort(caller?.reason)
  if (caller?.aborted) leave()
  caller?.addEventListener('abort', leave)
  const giveUp = (): void => controller.abort(networkError('The server has fallen silent.'))
  let interrupt: (reason: unknown) => void = () => {}
  signal.addEventListener('abort', () => interrupt(signal.reason))

  return {
    signal,
    async step(work) {
      const timer = setTimeout(giveUp, silenceMs)
      try {
        // Not waited for beyond an abort: a `fetch` of somebody's own may take no notice of it.
        return await new Promise((resolve, reject) => {
          interrupt = reject
          work.then(resolve, reject)
          if (signal.aborted) reject(signal.reason as Error)
        })
      } catch (error) {
        // Not every browser rejects with the reason.
        signal.throwIfAborted()
        throw error instanceof AdapterError ? error : networkError('The server cannot be reached.', error)
      } finally {
        clearTimeout(timer)
      }
    },
    abort: () => controller.abort(),
    close: () => caller?.removeEventListener('abort', leave),
  }
}

const networkError = (message: string, cause?: unknown): AdapterError => new AdapterError('network', message, { cause })
