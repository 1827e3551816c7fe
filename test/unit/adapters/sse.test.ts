import { describe, expect, it } from 'vitest'
import { createEventReader } from '../../../adapters/_sse.ts'
import type { ServerSentEvent } from '../../../adapters/_sse.ts'

/** Reads bytes as the adapter does, cut into the given chunks. */
function readChunks(chunks: Uint8Array[], maxEventSize = 1_048_576): ServerSentEvent[] {
  const read = createEventReader(maxEventSize)
  return chunks.flatMap((chunk) => [...read(chunk)])
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The events, which must be the same whole, byte by byte and cut in two anywhere. */
function read(source: string | Uint8Array): ServerSentEvent[] {
  const bytes = typeof source === 'string' ? bytesOf(source) : source
  const events = readChunks([bytes])
  const single = Array.from(bytes, (_, n) => bytes.subarray(n, n + 1))
  expect(readChunks(single), 'byte by byte').toEqual(events)
  for (let n = 1; n < bytes.length; n++)
    expect(readChunks([bytes.subarray(0, n), bytes.subarray(n)]), `cut at ${n}`).toEqual(events)
  return events
}

const data = (source: string | Uint8Array): string[] => read(source).map((event) => event.data)

describe('event streams', () => {
  it('P25: one byte order mark at the start is taken away, any other is text', () => {
    expect(data('\ufeffdata: a\n\n')).toEqual(['a'])
    expect(data('\ufeff\ufeffdata: a\n\ndata: b\n\n')).toEqual(['b'])
    expect(data('data: \ufeffa\n\n\ufeffdata: b\n\n')).toEqual(['\ufeffa'])
    expect(data('ï»¿data: a\n\ndata: b\n\n')).toEqual(['b'])
  })

  it('P26: LF, CR, CR LF and mixtures end lines, CR CR and what follows it ends events at once', () => {
    for (const end of ['\n', '\r', '\r\n'])
      expect(data(`data: a${end}data: b${end}${end}data: c${end}${end}`)).toEqual(['a\nb', 'c'])
    expect(data('data: a\n\r\ndata: b\r\r\n')).toEqual(['a', 'b'])
    expect(data('data: a\n\rdata: b\r\n\n')).toEqual(['a', 'b'])
    expect(data('data: a\r\r')).toEqual(['a'])
    expect(data('data: a\r\n\r')).toEqual(['a'])
    const readNext = createEventReader(100)
    const reader = (chunk: Uint8Array) => [...readNext(chunk)]
    expect(reader(bytesOf('data: a\r\r'))).toHaveLength(1)
    expect(reader(bytesOf('\ndata: b\n'))).toHaveLength(0)
    expect(reader(bytesOf(''))).toHaveLength(0)
    expect(reader(bytesOf('\r'))).toEqual([{ id: '', data: 'b' }])
    expect(reader(bytesOf(''))).toHaveLength(0)
    expect(reader(bytesOf('\n'))).toHaveLength(0)
  })

  it('P27: one space after the colon goes, everything else stays', () => {
    expect(data('data\n\n')).toEqual([''])
    expect(data('data:\n\n')).toEqual([''])
    expect(data('data: x\n\n')).toEqual(['x'])
    expect(data('data:  x \n\n')).toEqual([' x '])
    expect(data('data:\tx\n\n')).toEqual(['\tx'])
    expect(data('data:a:b: c\n\n')).toEqual(['a:b: c'])
    expect(data('data\ndata\n\n')).toEqual(['\n'])
    expect(data('data: a\0b\n\n')).toEqual(['a\0b'])
  })

  it('P28: other fields, other cases and comments are passed over, even between data lines', () => {
    expect(data('Data: x\n\n data: x\n\nDATA: x\n\ndata : x\n\nfoo\n\n')).toEqual([])
    expect(data(': one\ndata: a\n:\n: two\ndata: b\nfoo: bar\n\n')).toEqual(['a\nb'])
  })

  it('P29: named events are not ours, an empty name is none, and names do not leak', () => {
    expect(data('event: x\ndata: a\n\ndata: b\n\n')).toEqual(['b'])
    expect(data('event: x\n\ndata: b\n\n')).toEqual(['b'])
    expect(data('event:\ndata: a\n\nevent: message\ndata: b\n\nevent: x\nevent\ndata: c\n\n')).toEqual(['a', 'b', 'c'])
  })

  it('P30: an id holds until the next one, an empty one resets it, one with NUL is passed over', () => {
    const ids = (source: string): string[] => read(source).map(({ id }) => id)
    expect(ids('id: 1\ndata: a\n\ndata: b\n\nid: 2\nid: 3\ndata: c\n\nid\ndata: d\n\n')).toEqual(['1', '1', '3', ''])
    expect(ids('id: 1\ndata: a\n\nid:\ndata: b\n\nid: 4\0\ndata: c\n\n')).toEqual(['1', '', ''])
    expect(ids('id: 1\nevent: x\ndata: a\n\ndata: b\n\n')).toEqual(['1'])
  })

  it('P31: retry lines make no difference', () => {
    expect(data('retry: 1000\ndata: a\n\nretry: 1000x\nretry: -1\nretry:\ndata: b\n\n')).toEqual(['a', 'b'])
  })

  it('P32: an event without its end is no event', () => {
    expect(data('data: a\n\nid: 9\ndata: b\n')).toEqual(['a'])
    expect(data('data: a\n\nid: 9\ndata: b')).toEqual(['a'])
    expect(data('data: b\r')).toEqual([])
  })

  it('P33: characters cut anywhere stay whole, wrong bytes become U+FFFD', () => {
    expect(data('data: ü€🙂\n\n')).toEqual(['ü€🙂'])
    const wrong: number[][] = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf0, 0x9f, 0x99]]
    for (const bytes of wrong) {
      const [text = ''] = data(Uint8Array.of(...bytesOf('data: a'), ...bytes, ...bytesOf('b\n\n')))
      expect(text).toMatch(/^a\ufffd+b$/)
    }
  })

  it('P34: what came before an event that is too long is not lost with it', () => {
    const read = createEventReader(100)(bytesOf(`data: a\n\ndata: ${'x'.repeat(200)}\n\n`))
    expect(read.next().value).toEqual({ id: '', data: 'a' })
    expect(() => read.next()).toThrow(/too long/)
  })

  it('P34: lines of 70 KB and 1 MB pass, an event above 1 MB is an error, in one chunk or many', () => {
    for (const size of [70_000, 1_048_576]) {
      const bytes = bytesOf(`data: ${'x'.repeat(size)}\n\n`)
      expect(readChunks([bytes])[0]?.data).toHaveLength(size)
      expect(readChunks(inChunksOf(bytes, 16_384))[0]?.data).toHaveLength(size)
    }
    const line = `data: ${'x'.repeat(700_000)}\n`
    for (const text of [
      `data: ${'x'.repeat(1_048_577)}\n\n`,
      `data: ${'x'.repeat(1_200_000)}`,
      `${line}${line}`,
      `${line}${line}\n`,
    ]) {
      const tooLong = expect.objectContaining({ name: 'AdapterError', code: 'protocol', isRetryable: false })
      expect(() => readChunks([bytesOf(text)])).toThrow(tooLong)
      expect(() => readChunks(inChunksOf(bytesOf(text), 16_384))).toThrow(tooLong)
    }
  })
})

const inChunksOf = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size))
