import { describe, expect, it } from 'vitest'
import { createEchoResponder, echoIntroduction } from '../../../server/responders/echo.ts'
import { createFunctionResponder } from '../../../server/responders/function.ts'
import type { ResponderFunction } from '../../../server/responders/function.ts'
import { piecesOf, requestFor } from '../../contract/responder.suite.ts'

const streamOf = (...pieces: unknown[]): ReadableStream<string> =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece as string)
      controller.close()
    },
  })

async function* generate(...pieces: string[]): AsyncGenerator<string> {
  yield* pieces
}

describe('function responder', () => {
  it('takes strings, generators and streams, at once or later', async () => {
    const functions: [ResponderFunction, string[]][] = [
      [() => 'whole', ['whole']],
      [async () => 'whole', ['whole']],
      [() => '', []],
      [() => generate('a', 'b'), ['a', 'b']],
      [async () => generate('a', 'b'), ['a', 'b']],
      [() => streamOf('a', 'b'), ['a', 'b']],
      [async () => streamOf('a', 'b'), ['a', 'b']],
    ]
    for (const [fn, pieces] of functions) expect(await piecesOf(createFunctionResponder(fn))).toEqual(pieces)
  })

  it('takes a stream that is no async iterable, as in older runtimes, and cancels it', async () => {
    let cancelled = false
    const stream = new ReadableStream<string>({
      pull: (controller) => controller.enqueue('more'),
      cancel: () => void (cancelled = true),
    })
    Object.defineProperty(stream, Symbol.asyncIterator, { value: undefined })
    for await (const piece of createFunctionResponder(() => stream).respond(requestFor())) if (piece) break
    expect(cancelled).toBe(true)
  })

  it('hands over the whole request', async () => {
    const request = requestFor({ text: 'x', context: { page: '/' } })
    let seen: unknown
    const responder = createFunctionResponder((given) => {
      seen = given
      return ''
    })
    for await (const piece of responder.respond(request)) expect(piece).toBe('')
    expect(seen).toBe(request)
  })

  it('says so when there is no text', async () => {
    const wrong = [undefined, 5, {}, streamOf('a', 5)] as never[]
    for (const answer of wrong)
      await expect(piecesOf(createFunctionResponder(() => answer))).rejects.toMatchObject({
        ...{ name: 'ResponderError', code: 'responder_failed', isRetryable: false },
      })
  })
})

describe('echo responder', () => {
  it('says that it is a demo, how to get a real assistant, and repeats the text as it was', async () => {
    const text = '  two  spaces\n\nand lines '
    const pieces = await piecesOf(createEchoResponder({ pieceDelayMs: 0 }), { text })
    expect(pieces.join('')).toBe(echoIntroduction + text)
    expect(pieces.join('')).toMatch(/demo assistant.*--responder openai/)
  })

  it('pauses 30 ms before each word', async () => {
    const pauses: number[] = []
    const pieces = await piecesOf(createEchoResponder({ pause: async (ms) => void pauses.push(ms) }))
    expect(pauses).toEqual(pieces.map(() => 30))
  })
})
