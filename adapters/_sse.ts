/** Reads an event stream as `EventSource` does, with a limit. */
import { createParser } from 'eventsource-parser'
import { AdapterError } from './adapter.ts'

/** An unnamed event. */
export interface ServerSentEvent {
  /** The last id the stream has given. */
  id: string
  data: string
}

/**
 * Cuts UTF-8 into events; it may be split anywhere. Named events are dropped.
 * @throws AdapterError `protocol` for an event of more than `maxEventSize` characters
 */
export function createEventReader(maxEventSize: number): (chunk: Uint8Array) => ServerSentEvent[] {
  // The byte order mark is taken away here: in Node 24 a decoder takes two when the first one arrives in pieces.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let isAtStart = true
  let id = ''
  let events: ServerSentEvent[] = []
  let isTooLong = false
  let isAfterCr = false
  const parser = createParser({
    // A line is counted with its field name.
    maxBufferSize: maxEventSize + 6,
    onEvent: (made) => {
      id = made.id ?? id
      isTooLong ||= made.data.length > maxEventSize
      if ((made.event ?? 'message') === 'message') events.push({ id, data: made.data })
    },
    onError: ({ type }) => (isTooLong ||= type === 'max-buffer-size-exceeded'),
  })
  // The parser takes three characters of the first text it is fed for a byte order mark.
  parser.feed('')

  return (chunk) => {
    let text = decoder.decode(chunk, { stream: true })
    if (isAtStart && text) {
      isAtStart = false
      text = text.replace(/^\uFEFF/, '')
    }
    // The parser waits after CR for what comes next; an event must not wait.
    const lines = (isAfterCr && text.startsWith('\n') ? text.slice(1) : text).replace(/\r\n?/g, '\n')
    if (text) isAfterCr = text.endsWith('\r')
    events = []
    parser.feed(lines)
    if (isTooLong) throw new AdapterError('protocol', 'The server sent an event that is too long.', { status: 200 })
    return events
  }
}
