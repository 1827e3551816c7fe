/** The default responder: shows that everything works before a real assistant is connected. */
import type { Responder } from './responder.ts'

/** Options of `createEchoResponder`. */
export interface EchoResponderOptions {
  /** Pause before each word, in milliseconds. @default 30 */
  pieceDelayMs?: number
  /** Waits `ms` milliseconds, or shorter when the signal is aborted. @default a timer */
  pause?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** What the demo assistant says before it repeats the message. */
export const echoIntroduction =
  'I am a demo assistant: I only repeat what you write. To connect a real one, start the server with ' +
  '--responder openai or --responder webhook. You wrote: '

/** Says that it is a demo and how to get a real assistant, and repeats the text, word by word. */
export function createEchoResponder(options: EchoResponderOptions = {}): Responder {
  const { pieceDelayMs = 30, pause = sleep } = options
  return {
    kind: 'echo',
    async *respond({ text, signal }) {
      for (const piece of (echoIntroduction + text).match(/\s*\S+|\s+$/g) ?? []) {
        if (pieceDelayMs > 0) await pause(pieceDelayMs, signal)
        if (signal.aborted) return
        yield piece
      }
    },
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', settle)
      resolve()
    }
    const timer = setTimeout(settle, ms)
    signal.addEventListener('abort', settle)
    if (signal.aborted) settle()
  })
}
