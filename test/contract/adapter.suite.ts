/** What every ChatAdapter must do. Each implementation runs it against its own backend. */
import { describe, expect, it } from 'vitest'
import { codePoints, isConversationId, parseEventId } from '../../protocol.ts'
import type { AdapterEvent, ChatAdapter } from '../../adapters/adapter.ts'

/** A backend to run the suite against. Its assistant answers `answerTo(text)`, in several pieces. */
export interface AdapterBackend {
  adapter: ChatAdapter
  answerTo(text: string): string
  /** Lets a person reply in a conversation. Left out where there is nobody but the visitor and the assistant. */
  postOperatorMessage?(conversationId: string, body: string): Promise<void> | void
  /** Says that a conversation is done. Left out where nobody could. */
  resolve?(conversationId: string): Promise<void>
  /** The answers come in one piece: nothing of one is there before it is finished. */
  isWhole?: boolean
  close?(): Promise<void>
}

/** As a message: the assistant says one piece, if it speaks in pieces, and then waits until it is stopped. */
export const holdText = 'please hold the line'

export function describeAdapter(name: string, start: () => Promise<AdapterBackend> | AdapterBackend): void {
  describe(`adapter contract: ${name}`, () => {
    const withBackend = (title: string, run: (backend: AdapterBackend) => Promise<void>): void => {
      it(title, async () => {
        const backend = await start()
        try {
          await run(backend)
        } finally {
          await backend.close?.()
        }
      })
    }

    withBackend('streams ack, the answer, the record, done, with dense event ids', async (backend) => {
      const { adapter, answerTo } = backend
      const conversationId = newId()
      const events = await collect(adapter.send({ text: 'hello there', conversationId, clientMessageId: newKey() }))
      const types = events.map(({ event }) => event.type)
      expect(types[0]).toBe('ack')
      expect(types.slice(-2)).toEqual(['message', 'done'])
      expect(types.slice(1, -2).every((type) => type === 'delta')).toBe(true)
      expect(types.length).toBeGreaterThan(backend.isWhole ? 3 : 4)
      expect(events.map(({ id }) => parseEventId(id)?.n)).toEqual(events.map((_, n) => n))
      const ack = events[0]?.event
      if (ack?.type !== 'ack') throw new Error('no ack')
      expect(ack).toMatchObject({ conversationId, replayed: false })
      expect(events.every(({ id }) => id.startsWith(`${ack.turnId}.`))).toBe(true)
      expect(answerOf(events)).toBe(answerTo('hello there'))
      const { messages, lastMessageId, hasMore, activeTurn } = await adapter.history({ conversationId })
      expect(messages.map(({ actor, type, body }) => [actor, type, body])).toEqual([
        ['customer', 'message', 'hello there'],
        ['assistant', 'message', answerTo('hello there')],
      ])
      expect(messages[0]?.id).toBe(ack.userMessageId)
      expect(messages[1]).toEqual(events.map(({ event }) => event).find((event) => event.type === 'message')?.message)
      expect(events.at(-1)?.event).toEqual({ type: 'done', lastMessageId })
      expect({ lastMessageId, hasMore, activeTurn }).toEqual({
        ...{ lastMessageId: messages[1]?.id, hasMore: false, activeTurn: undefined },
      })
    })

    withBackend('starts a conversation when none is named', async ({ adapter }) => {
      const [first] = await collect(adapter.send({ text: 'hi', clientMessageId: newKey() }))
      if (first?.event.type !== 'ack') throw new Error('no ack')
      expect(isConversationId(first.event.conversationId)).toBe(true)
      const page = await adapter.history({ conversationId: first.event.conversationId })
      expect(page.messages).toHaveLength(2)
    })

    withBackend('A3: the same key again replays the same turn', async ({ adapter }) => {
      const request = { text: 'once only', conversationId: newId(), clientMessageId: newKey() }
      const events = await collect(adapter.send(request))
      const again = await collect(adapter.send(request))
      expect(again[0]?.event).toEqual({ ...events[0]?.event, replayed: true })
      expect(again.slice(1)).toEqual(events.slice(1))
      expect((await adapter.history(request)).messages).toHaveLength(2)
    })

    withBackend('A6: the same key with another text is refused, and stores nothing', async ({ adapter }) => {
      const request = { text: 'once only', conversationId: newId(), clientMessageId: newKey() }
      await collect(adapter.send(request))
      await expect(collect(adapter.send({ ...request, text: 'twice' }))).rejects.toMatchObject({
        ...{ name: 'AdapterError', code: 'idempotency_mismatch', status: 409, isRetryable: false },
      })
      expect((await adapter.history(request)).messages).toHaveLength(2)
      const other = await collect(adapter.send({ ...request, text: 'twice', conversationId: newId() }))
      expect(other.at(-1)?.event.type).toBe('done')
    })

    withBackend('G4: a stream broken off anywhere goes on where it was', async ({ adapter }) => {
      const conversationId = newId()
      const events = await collect(adapter.send({ text: 'cut me', conversationId, clientMessageId: newKey() }))
      for (const [n, { id }] of events.entries())
        expect(await collect(adapter.resume({ conversationId, lastEventId: id }))).toEqual(events.slice(n + 1))
    })

    withBackend('a reader that leaves neither stops nor repeats the answer', async ({ adapter, answerTo }) => {
      const request = { text: 'I leave early', conversationId: newId(), clientMessageId: newKey() }
      let lastEventId = ''
      for await (const { id, event } of adapter.send(request)) {
        lastEventId = id
        if (event.type === 'delta') break
      }
      const rest = await collect(adapter.resume({ ...request, lastEventId }))
      expect(rest.at(-1)?.event.type).toBe('done')
      expect((await adapter.history(request)).messages.map(({ body }) => body)).toEqual([
        request.text,
        answerTo(request.text),
      ])
    })

    withBackend('A21: an answer nobody knows is not found', async ({ adapter }) => {
      const conversationId = newId()
      await collect(adapter.send({ text: 'hi', conversationId, clientMessageId: newKey() }))
      const lastEventId = `t${'A'.repeat(22)}.0`
      await expect(collect(adapter.resume({ conversationId, lastEventId }))).rejects.toMatchObject({
        ...{ name: 'AdapterError', code: 'not_found', status: 404 },
      })
    })

    withBackend('A23: stop ends the answer, keeps what had come, and is no error twice', async (backend) => {
      const { adapter, isWhole } = backend
      const conversationId = newId()
      const events: AdapterEvent[] = []
      for await (const made of adapter.send({ text: holdText, conversationId, clientMessageId: newKey() })) {
        events.push(made)
        if (made.event.type !== (isWhole ? 'ack' : 'delta')) continue
        const { activeTurn } = await adapter.history({ conversationId })
        expect(made.id.startsWith(`${activeTurn?.turnId}.`)).toBe(true)
        await adapter.stop({ conversationId, turnId: activeTurn?.turnId ?? '' })
      }
      expect(events.at(-1)?.event).toMatchObject({ type: 'done', stopped: true })
      const { messages, activeTurn } = await adapter.history({ conversationId })
      if (isWhole) expect(messages).toHaveLength(1)
      else expect(messages[1]).toMatchObject({ actor: 'assistant', data: { stopped: true } })
      expect(activeTurn).toBeUndefined()
      await adapter.stop({ conversationId, turnId: parseEventId(events[0]?.id ?? '')?.turnId ?? '' })
    })

    withBackend(
      'A24: two messages at once are answered in order, one after the other',
      async ({ adapter, answerTo }) => {
        const conversationId = newId()
        const stream = adapter.send({ text: 'number one', conversationId, clientMessageId: newKey() })
        const first = stream[Symbol.asyncIterator]()
        await first.next()
        const second = collect(adapter.send({ text: 'number two', conversationId, clientMessageId: newKey() }))
        await collect({ [Symbol.asyncIterator]: () => first })
        expect(answerOf(await second)).toBe(answerTo('number two'))
        const { messages } = await adapter.history({ conversationId })
        expect(messages.filter(({ actor }) => actor === 'customer').map(({ body }) => body)).toEqual([
          ...['number one', 'number two'],
        ])
      },
    )

    withBackend('pages forwards with afterId and backwards with beforeId', async ({ adapter, postOperatorMessage }) => {
      const conversationId = newId()
      const send = (text: string) => collect(adapter.send({ text, conversationId, clientMessageId: newKey() }))
      await send('start')
      if (postOperatorMessage) for (let n = 0; n < 4; n++) await postOperatorMessage(conversationId, `reply ${n}`)
      else for (const text of ['go on', 'and on']) await send(text)
      const { messages: all, lastMessageId } = await adapter.history({ conversationId })
      expect(all).toHaveLength(6)
      const ids = all.map(({ id }) => id)
      const id = (index: number): string => ids.at(index) ?? ''
      expect(await adapter.history({ conversationId, limit: 3 })).toMatchObject({
        messages: all.slice(-3),
        hasMore: true,
      })
      expect(await adapter.history({ conversationId, beforeId: id(2), limit: 9 })).toMatchObject({
        ...{ messages: all.slice(0, 2), hasMore: false },
      })
      expect(await adapter.history({ conversationId, beforeId: id(4), limit: 2 })).toMatchObject({
        ...{ messages: all.slice(2, 4), hasMore: true },
      })
      expect(await adapter.history({ conversationId, afterId: id(0), limit: 2 })).toMatchObject({
        ...{ messages: all.slice(1, 3), hasMore: true, lastMessageId: id(2) },
      })
      expect(await adapter.history({ conversationId, afterId: id(-1) })).toMatchObject({
        ...{ messages: [], hasMore: false, lastMessageId },
      })
      const author = { kind: 'operator', name: expect.any(String) }
      if (postOperatorMessage) expect(all.at(-1)?.data?.author).toMatchObject(author)
    })

    withBackend('a conversation nobody has used is empty, a cursor nobody knows is an error', async ({ adapter }) => {
      const conversationId = newId()
      expect(await adapter.history({ conversationId })).toEqual({
        ...{ conversationId, messages: [], lastMessageId: null, hasMore: false },
      })
      await collect(adapter.send({ text: 'hi', conversationId, clientMessageId: newKey() }))
      await expect(adapter.history({ conversationId, afterId: '0-AAAAAAAAAAAAAAAA' })).rejects.toMatchObject({
        ...{ name: 'AdapterError', code: 'cursor_not_found', status: 404 },
      })
    })

    withBackend('a waiting reader hears of a reply at once', async ({ adapter, postOperatorMessage }) => {
      const conversationId = newId()
      await collect(adapter.send({ text: 'hi', conversationId, clientMessageId: newKey() }))
      const { lastMessageId } = await adapter.history({ conversationId })
      const waiting = adapter.history({ conversationId, afterId: lastMessageId ?? '', wait: 20 })
      const body = 'is anybody there?'
      if (postOperatorMessage) await postOperatorMessage(conversationId, body)
      else await collect(adapter.send({ text: body, conversationId, clientMessageId: newKey() }))
      const heard = (await waiting).messages.map((message) => message.body)
      expect(heard).toEqual(postOperatorMessage ? [body] : [body, ...heard.slice(1)])
    })

    withBackend('a waiting reader hears at once that it is not as it believes', async ({ adapter, resolve }) => {
      const conversationId = newId()
      await collect(adapter.send({ text: 'hi', conversationId, clientMessageId: newKey() }))
      const { lastMessageId } = await adapter.history({ conversationId })
      await resolve?.(conversationId)
      const waiting = { conversationId, afterId: lastMessageId ?? '', wait: resolve ? 20 : 0.05 }
      const from = performance.now()
      const page = await adapter.history({ ...waiting, known: [] })
      expect(page).toEqual({ ...page, messages: [], lastMessageId, ...(resolve && { resolved: true }) })
      expect(performance.now() - from).toBeLessThan(15_000)
      // Whoever knows it waits.
      const known = resolve ? (['resolved'] as const) : []
      expect(await adapter.history({ ...waiting, wait: 0.05, known })).toEqual(page)
    })

    withBackend('an aborted call rejects with the reason of its signal', async ({ adapter, isWhole }) => {
      const conversationId = newId()
      const reason = new Error('the visitor left')
      const aborted = AbortSignal.abort(reason)
      const request = { text: 'hi', conversationId, clientMessageId: newKey(), signal: aborted }
      await expect(collect(adapter.send(request))).rejects.toBe(reason)
      await expect(adapter.history({ conversationId, signal: aborted })).rejects.toBe(reason)
      await expect(adapter.stop({ conversationId, turnId: 't', signal: aborted })).rejects.toBe(reason)
      await expect(collect(adapter.resume({ conversationId, lastEventId: 't.0', signal: aborted }))).rejects.toBe(
        reason,
      )
      expect((await adapter.history({ conversationId })).messages).toEqual([])

      const controller = new AbortController()
      const reading = (async () => {
        const sent = { text: holdText, conversationId, clientMessageId: newKey(), signal: controller.signal }
        for await (const { event } of adapter.send(sent))
          if (event.type === (isWhole ? 'ack' : 'delta')) controller.abort(reason)
      })()
      await expect(reading).rejects.toBe(reason)
      const { activeTurn } = await adapter.history({ conversationId })
      expect(activeTurn).toBeDefined()
      await adapter.stop({ conversationId, turnId: activeTurn?.turnId ?? '' })
    })

    withBackend('A14, A15: text goes through as it is; too long and empty texts are refused', async ({ adapter }) => {
      const texts = [
        'a\r\nb & c=d +e %41',
        '\u{1F600}'.repeat(4_000),
        'zwölf\u2028Ünïcode\u0000end',
        '你好'.repeat(2_000),
      ]
      for (const text of texts) {
        const conversationId = newId()
        const [ack] = await collect(adapter.send({ text, conversationId, clientMessageId: newKey() }))
        expect(ack?.event.type).toBe('ack')
        const { messages } = await adapter.history({ conversationId })
        expect(messages[0]?.body === text, `${codePoints(text)} code points came back`).toBe(true)
      }
      const conversationId = newId()
      const send = (text: string) => collect(adapter.send({ text, conversationId, clientMessageId: newKey() }))
      await expect(send('x'.repeat(4_001))).rejects.toMatchObject({ code: 'text_too_long', status: 413 })
      await expect(send('   ')).rejects.toMatchObject({ code: 'invalid_text', status: 400 })
      expect((await adapter.history({ conversationId })).messages).toEqual([])
    })
  })
}

/** All events of a stream. */
export async function collect(stream: AsyncIterable<AdapterEvent>): Promise<AdapterEvent[]> {
  const events: AdapterEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

/** The deltas, put together. */
export const answerOf = (events: AdapterEvent[]): string =>
  events.map(({ event }) => (event.type === 'delta' ? event.text : '')).join('')

/** A fresh capability id. */
export const newId = (): string => `c_${newKey()}`

/** A fresh idempotency key. */
export const newKey = (): string => crypto.randomUUID().replaceAll('-', '')
