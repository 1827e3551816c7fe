/** The stream as bytes: unnamed events of one line of JSON each, pulled by the reader, so that nobody's slowness counts. */
import { FastResponse } from 'srvx'
import type { Sent } from '../conversations/service.ts'
import type { Logger } from '../logger.ts'
import type { HeaderList } from './answers.ts'

const encoder = new TextEncoder()
const comment = encoder.encode(':\n\n')

const streamHeaders: HeaderList = [
  ['content-type', 'text/event-stream; charset=utf-8'],
  // `no-transform` keeps proxies from compressing it, which would hold the pieces back.
  ['cache-control', 'no-store, no-transform'],
  ['x-accel-buffering', 'no'],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
]

/** How a stream is served. */
export interface StreamAnswerOptions {
  isAllowed: () => Promise<boolean>
  headers: HeaderList
  logger: Logger
  /** Called once, when the stream has ended in whatever way. */
  onEnd: () => void
  /** How long a reader may leave a piece untaken before it counts as gone, in milliseconds. @default 30_000 */
  patienceMs?: number
}

/** Answers with a turn's events. */
export function streamAnswer(sent: Sent, options: StreamAnswerOptions): Response {
  const { isAllowed, headers, logger, onEnd, patienceMs = 30_000 } = options
  const gone = new AbortController()
  const events = sent.events({ signal: gone.signal, isAllowed })
  let patience: ReturnType<typeof setTimeout> | undefined

  const end = (): void => {
    clearTimeout(patience)
    if (gone.signal.aborted) return
    gone.abort()
    onEnd()
  }
  /** A reader that takes nothing, of a connection that is still open, would hold its stream for ever. */
  const expectPull = (controller: ReadableStreamDefaultController): void => {
    patience = setTimeout(() => {
      end()
      void events.return()
      controller.error(new Error('The reader has stopped reading.'))
    }, patienceMs)
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start: expectPull,
      async pull(controller) {
        clearTimeout(patience)
        try {
          const next = await events.next()
          // A reader that left meanwhile has taken the stream along.
          if (gone.signal.aborted) return
          if (next.done) {
            end()
            return controller.close()
          }
          controller.enqueue(next.value ? frame(`${sent.turnId}.${next.value.n}`, next.value.event) : comment)
          expectPull(controller)
        } catch (error) {
          logger.error('stream: broke off', { error })
          end()
          controller.error(error)
        }
      },
      async cancel() {
        end()
        await events.return()
      },
    },
    // Nothing is made ahead of what is asked for.
    { highWaterMark: 0 },
  )
  return new FastResponse(body, { headers: [...streamHeaders, ...headers] })
}

const frame = (id: string, event: unknown): Uint8Array =>
  encoder.encode(`id: ${id}\ndata: ${JSON.stringify(event)}\n\n`)
