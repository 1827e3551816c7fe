/** Reads a stream of ours, event by event. */
import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { StreamEvent } from '../../protocol.ts'

/** One event with its SSE id. */
export type Received = StreamEvent & { id: string }

/** The events of an answer as they come. Breaking off cancels the body, as a client that leaves does. */
export async function* eventsOf(response: Response): AsyncGenerator<Received> {
  if (response.status !== 200 || !response.body) {
    throw new Error(`No stream: ${response.status} ${await response.text()}`)
  }
  const text = response.body.pipeThrough(
    new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>,
  )
  for await (const message of text.pipeThrough(new EventSourceParserStream())) {
    if (message.event !== undefined) throw new Error('The stream held a named event.')
    yield { ...(JSON.parse(message.data) as StreamEvent), id: message.id ?? '' }
  }
}

/** All events of an answer. */
export async function allEvents(response: Response): Promise<Received[]> {
  const events: Received[] = []
  for await (const event of eventsOf(response)) events.push(event)
  return events
}

/** The event of a type. Fails when there is none. */
export function eventOf<T extends StreamEvent['type']>(
  events: Received[],
  type: T,
): Extract<StreamEvent, { type: T }> & { id: string } {
  const found = events.find((event) => event.type === type)
  if (!found) throw new Error(`No ${type} among ${events.map((event) => event.type).join(', ')}.`)
  return found as Extract<StreamEvent, { type: T }> & { id: string }
}

/** The deltas, put together. */
export const textOf = (events: StreamEvent[]): string =>
  events.map((event) => (event.type === 'delta' ? event.text : '')).join('')
