/** Reads an event stream as `EventSource` does (HTML, 9.2.6), with a limit. */
import { AdapterError } from './adapter.ts'

/** An unnamed event. */
export interface ServerSentEvent {
  /** The last id the stream has given. */
  id: string
  data: string
}

/**
 * Cuts UTF-8 into events; it may be split anywhere. Named events are dropped, and so is `retry`: when to come back is the
 * widget's to decide.
 * @throws AdapterError `protocol` for an event of more than `maxEventSize` characters, once those before it have been taken
 */
export function createEventReader(maxEventSize: number): (chunk: Uint8Array) => Generator<ServerSentEvent, void> {
  // The byte order mark is taken away here: in Node 24 a decoder takes two when the first one arrives in pieces.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let isAtStart = true
  let isAfterCr = false
  /** The line that has not ended yet. */
  let rest = ''
  let id = ''
  let data: string | undefined
  let type = ''

  const takeField = (line: string): void => {
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (name === 'event') type = value
    else if (name === 'id' && !value.includes('\0')) id = value
  }

  return function* (chunk) {
    let text = decoder.decode(chunk, { stream: true })
    if (!text) return
    if (isAtStart) text = text.replace(/^\uFEFF/, '')
    isAtStart = false
    // A line ends at its CR, without waiting for an LF that may belong to it.
    if (isAfterCr) text = text.replace(/^\n/, '')
    isAfterCr = text.endsWith('\r')

    const lines = text.split(/\r\n|\r|\n/)
    lines[0] = rest + lines[0]
    rest = lines.pop() as string
    for (const line of lines) {
      if (line) takeField(line)
      else {
        if (data !== undefined && /^(message)?$/.test(type)) yield { id, data }
        data = undefined
        type = ''
      }
      if ((data?.length ?? 0) > maxEventSize) throw tooLong()
    }
    // A line is counted with its field name.
    if (rest.length > maxEventSize + 6) throw tooLong()
  }
}

const tooLong = (): AdapterError =>
  new AdapterError('protocol', 'The server sent an event that is too long.', { status: 200 })
