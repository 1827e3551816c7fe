/** What every Responder must do. Each implementation runs it against its own service. */
import { describe, expect, it, vi } from 'vitest'
import type { Responder, ResponderRequest } from '../../server/responders/responder.ts'

/** A responder whose answers take a while, in several pieces. */
export interface ResponderBackend {
  responder: Responder
  answerTo(text: string): string
  /** Answers the service is writing now. */
  running?(): number
  /** Makes every answer from now on fail. */
  breakDown?(): void
  close?(): Promise<void>
}

export function describeResponder(name: string, start: () => Promise<ResponderBackend> | ResponderBackend): void {
  describe(`responder contract: ${name}`, () => {
    const withBackend = (title: string, run: (backend: ResponderBackend) => Promise<void>): void => {
      it(title, async () => {
        const backend = await start()
        try {
          await run(backend)
        } finally {
          await backend.close?.()
        }
      })
    }

    withBackend('its pieces put together are the answer', async ({ responder, answerTo }) => {
      const text = 'Wie geht’s? 🙂\n"quoted" \\ and {"json":true}'
      const pieces = await piecesOf(responder, { text })
      expect(pieces.length).toBeGreaterThan(1)
      expect(pieces.join('')).toBe(answerTo(text))
      expect(responder.kind).toMatch(/^[a-z]+$/)
    })

    withBackend('an abort ends it at once and releases what it holds', async ({ responder, answerTo, running }) => {
      const controller = new AbortController()
      let heard = ''
      await (async () => {
        for await (const piece of responder.respond(requestFor({ text: 'hello', signal: controller.signal }))) {
          expect(controller.signal.aborted, 'a piece after the abort').toBe(false)
          heard += piece
          if (heard) controller.abort(new Error('enough'))
        }
      })().catch((error: unknown) => expect(error).toBe(controller.signal.reason))
      expect(heard.length).toBeLessThan(answerTo('hello').length)
      if (running) await vi.waitFor(() => expect(running()).toBe(0))
    })

    withBackend('with a signal that is aborted already it says nothing', async ({ responder }) => {
      const signal = AbortSignal.abort(new Error('too late'))
      const pieces = await piecesOf(responder, { signal }).catch((error: unknown) => {
        expect(error).toBe(signal.reason)
        return []
      })
      expect(pieces).toEqual([])
    })

    withBackend('a reader that leaves releases what it holds', async ({ responder, running }) => {
      for await (const piece of responder.respond(requestFor())) if (piece) break
      if (running) await vi.waitFor(() => expect(running()).toBe(0))
    })

    withBackend('answers at the same time do not mix', async ({ responder, answerTo }) => {
      const texts = Array.from({ length: 12 }, (_, n) => `question number ${n}`)
      const answers = await Promise.all(texts.map((text) => piecesOf(responder, { text })))
      expect(answers.map((pieces) => pieces.join(''))).toEqual(texts.map(answerTo))
    })

    withBackend('F106: what goes wrong is a ResponderError', async ({ responder, breakDown }) => {
      if (!breakDown) return
      breakDown()
      await expect(piecesOf(responder)).rejects.toMatchObject({ name: 'ResponderError', code: 'responder_failed' })
    })
  })
}

/** A question. */
export const requestFor = (parts: Partial<ResponderRequest> = {}): ResponderRequest => ({
  integrationId: 'int_1',
  conversationId: 'c_conversation-of-the-tests',
  turnId: 'tAAAAAAAAAAAAAAAAAAAAAA',
  text: 'hello',
  history: [],
  signal: new AbortController().signal,
  ...parts,
})

/** All pieces of an answer. */
export async function piecesOf(responder: Responder, parts: Partial<ResponderRequest> = {}): Promise<string[]> {
  const pieces: string[] = []
  for await (const piece of responder.respond(requestFor(parts))) if (typeof piece === 'string') pieces.push(piece)
  return pieces
}
