import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Responder } from '../../../server/responders/responder.ts'
import { withTimeouts } from '../../../server/responders/timeouts.ts'
import { piecesOf, requestFor } from '../../contract/responder.suite.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = new Promise<never>(() => {})

/** A responder that says what it is told and takes no notice of its signal. */
function deaf(script: (string | number | typeof never)[]): Responder & { returned: number; signals: AbortSignal[] } {
  const responder = {
    kind: 'deaf',
    returned: 0,
    signals: [] as AbortSignal[],
    async *respond({ signal }: { signal: AbortSignal }) {
      responder.signals.push(signal)
      try {
        for (const step of script)
          if (typeof step === 'string') yield step
          else if (typeof step === 'number') await new Promise((resolve) => setTimeout(resolve, step))
          else await step
      } finally {
        responder.returned++
      }
    },
  }
  return responder
}

/** What came and how it ended, after so much time. */
async function after(ms: number, responder: Responder) {
  let text = ''
  let end: unknown = 'running'
  void (async () => {
    try {
      for await (const piece of responder.respond(requestFor())) text += piece
      end = 'done'
    } catch (error) {
      end = error
    }
  })()
  await vi.advanceTimersByTimeAsync(ms)
  return { text, end }
}

const timeout = { name: 'ResponderError', code: 'responder_timeout', isRetryable: true }

describe('time-outs of a responder', () => {
  it('F106: 30 s to the first piece', async () => {
    expect(await after(29_999, withTimeouts(deaf([never])))).toEqual({ text: '', end: 'running' })
    const responder = deaf([never])
    expect((await after(30_000, withTimeouts(responder))).end).toMatchObject(timeout)
    expect(responder.signals[0]?.aborted).toBe(true)
  })

  it('F106: 20 s between pieces', async () => {
    const script = [29_000, 'a', 19_000, 'b', never]
    expect(await after(67_999, withTimeouts(deaf(script)))).toEqual({ text: 'ab', end: 'running' })
    expect(await after(68_000, withTimeouts(deaf(script)))).toMatchObject({ text: 'ab', end: timeout })
  })

  it('an empty piece is a sign of life, and not passed on', async () => {
    const script = [25_000, '', 25_000, '', 25_000, 'a', 15_000, '', 15_000, 'b']
    const pieces = piecesOf(withTimeouts(deaf(script)))
    await vi.advanceTimersByTimeAsync(105_000)
    expect(await pieces).toEqual(['a', 'b'])
  })

  it('F106: an answer that never ends is ended', async () => {
    const drip = Array.from({ length: 200 }, () => [10_000, 'x']).flat()
    const { text, end } = await after(600_000, withTimeouts(deaf(drip)))
    expect(text.length).toBeGreaterThanOrEqual(59)
    expect(end).toMatchObject(timeout)
  })

  it('F106: an answer of 10 MB is cut off, between characters', async () => {
    const responder = deaf(Array.from({ length: 10_000 }, () => `x${'🙂'.repeat(500)}`))
    const { text, end } = await after(0, withTimeouts(responder))
    expect(text.length).toBeLessThanOrEqual(100_000)
    expect(text.length).toBeGreaterThan(99_990)
    expect(text).not.toMatch(/\p{Surrogate}/u)
    expect(end).toMatchObject({ code: 'responder_interrupted', isRetryable: false })
    expect(responder.returned).toBe(1)
    expect((await after(0, withTimeouts(deaf(['abc🙂', 'd']), { maxChars: 4 }))).text).toBe('abc')
    expect((await after(0, withTimeouts(deaf(['abc🙂']), { maxChars: 5 }))).end).toBe('done')
  })

  it('an abort ends it at once, with the reason', async () => {
    const controller = new AbortController()
    const responder = deaf(['a', never])
    const reading = piecesOf(withTimeouts(responder), { signal: controller.signal })
    const reason = new Error('stopped')
    const ended = expect(reading).rejects.toBe(reason)
    await vi.advanceTimersByTimeAsync(5)
    controller.abort(reason)
    await ended
    expect(responder.signals[0]?.reason).toBe(reason)
  })

  it('passes on what the responder throws, and leaves no timer and no listener', async () => {
    const broken = new Error('broken')
    const failing: Responder = {
      kind: 'failing',
      respond() {
        throw broken
      },
    }
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    await expect(piecesOf(withTimeouts(failing), { signal })).rejects.toBe(broken)
    expect(await piecesOf(withTimeouts(deaf(['a'])))).toEqual(['a'])
    for await (const piece of withTimeouts(deaf(['a', 'b'])).respond(requestFor())) if (piece) break
    expect(vi.getTimerCount()).toBe(0)
    expect(removed).toHaveBeenCalled()
  })

  it('keeps the kind', () => {
    expect(withTimeouts(deaf([])).kind).toBe('deaf')
  })
})
