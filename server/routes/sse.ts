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

/** Answers with a turn's events. */
export function streamAnswer(
  sent: Sent,
  isAllowed: () => Promise<boolean>,
  logger: Logger,
  headers: HeaderList,
): Response {
  const gone = new AbortController()
  const events = sent.events({ signal: gone.signal, isAllowed })
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await events.next()
          // A reader that left meanwhile has taken the stream along.
          if (gone.signal.aborted) return
          if (next.done) controller.close()
          else if (!next.value) controller.enqueue(comment)
          else controller.enqueue(frame(`${sent.turnId}.${next.value.n}`, next.value.event))
        } catch (error) {
          logger.error('stream: broke off', { error })
          controller.error(error)
        }
      },
      async cancel() {
        gone.abort()
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
