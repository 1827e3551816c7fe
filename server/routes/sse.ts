/** The stream as bytes: unnamed events of one line of JSON each, pulled by the reader, so that nobody's slowness counts. */
import { FastResponse } from 'srvx'
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

/** One event of a stream; null: a sign of life. */
export type StreamFrame = { id?: string; event: unknown } | null

/** How a stream is served. */
export interface StreamAnswerOptions {
  headers: HeaderList
  logger: Logger
  /** Called once, when the stream has ended in whatever way. */
  onEnd: () => void
  /** How long a reader may leave a piece untaken before it counts as gone, in milliseconds. @default 30_000 */
  patienceMs?: number
}

/** Answers with events, as they come. @param open begins the stream; the signal aborts when the reader has gone */
export function streamAnswer(
  open: (signal: AbortSignal) => AsyncGenerator<StreamFrame, void, undefined>,
  options: StreamAnswerOptions,
): Response {
  const { headers, logger, onEnd, patienceMs = 30_000 } = options
  const gone = new AbortController()
  const events = open(gone.signal)
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
          controller.enqueue(next.value ? bytesOf(next.value) : comment)
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

const bytesOf = ({ id, event }: NonNullable<StreamFrame>): Uint8Array =>
  encoder.encode(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`)
