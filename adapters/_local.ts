/** A backend that lives in the page: one answer at a time, streams that can be taken up again, history by cursor. */
import { codePoints, limits, parseEventId } from '../protocol.ts'
import type { ConversationRecord, ErrorCode, RecordData, StreamEvent } from '../protocol.ts'
import { AdapterError } from './adapter.ts'
import type { AdapterEvent, ChatAdapter } from './adapter.ts'
import { pageOf } from './_records.ts'
import type { RecordStore } from './_records.ts'
import { change, changed, hasEnded, randomId, sleep, unlessAborted, untilAborted } from './_turns.ts'
import type { LiveConversation, Turn } from './_turns.ts'

/** A message to answer. */
export interface LocalQuestion {
  text: string
  /** What was said before it, oldest first. */
  earlier: ConversationRecord[]
  /** Aborted when the visitor stops the answer. */
  signal: AbortSignal
}

/** Options of `createLocalAdapter`. */
export interface LocalOptions {
  /** Settles when an answer begins. What goes wrong before the message is stored is what `send` throws. */
  answer: (question: LocalQuestion) => Promise<AsyncIterable<string>>
  /** Longest time a message waits to be stored until its answer begins, in milliseconds. */
  patienceMs: number
  records: RecordStore
  /** What goes on in a conversation; always the same object. */
  open: (conversationId: string) => LiveConversation
  now: () => number
}

/** Makes the adapter of such a backend. */
export function createLocalAdapter({ answer, patienceMs, records, open, now }: LocalOptions): ChatAdapter {
  const read = (id: string) => guarded(() => records.read(id))
  const append = async (id: string, actor: ConversationRecord['actor'], body: string, data: RecordData) => {
    // What is shown as a time does not run backwards when the clock is set back.
    const last = Date.parse((await read(id)).at(-1)?.createdAt ?? '') || 0
    const createdAt = new Date(Math.max(now(), last)).toISOString()
    const record: ConversationRecord = { id: `m${randomId()}`, actor, type: 'message', body, data, createdAt }
    await guarded(() => records.append(id, record))
    return record
  }
  const emit = (turn: Turn, event: StreamEvent): void => {
    turn.events.push(event)
    changed(open(turn.conversationId))
  }

  /** Stores a message, and sees that it is answered when those before it are. */
  const take = async (turn: Turn, before: Promise<void>): Promise<void> => {
    const { conversationId, clientMessageId, text } = turn
    const known = await read(conversationId)
    const question = known.find(({ data }) => data?.clientMessageId === clientMessageId)
    if (question && question.body !== text) throw mismatch()
    const acknowledge = (userMessageId: string): void => {
      turn.userMessageId = userMessageId
      emit(turn, { type: 'ack', conversationId, userMessageId, turnId: turn.id, replayed: question !== undefined })
    }
    const message = question && known.find(({ data }) => data?.['answerTo'] === question.id)
    if (message) {
      // Answered before the page was loaded anew: what is kept of the pieces is their sum.
      acknowledge(question.id)
      emit(turn, { type: 'delta', text: message.body })
      emit(turn, { type: 'message', message })
      return emit(turn, { type: 'done', lastMessageId: known.at(-1)?.id ?? '' })
    }
    const { signal } = turn.controller
    const begun = before.then(async () => {
      const known = await read(conversationId)
      signal.throwIfAborted()
      return answer({ text, earlier: earlier(known, turn), signal })
    })
    begun.catch(() => {})
    if (patienceMs > 0) await Promise.race([begun, sleep(patienceMs)])
    acknowledge((question ?? (await append(conversationId, 'customer', text, { clientMessageId }))).id)
    turn.written = write(turn, begun)
  }

  const begin = (conversation: LiveConversation, asked: Pick<Turn, 'conversationId' | 'clientMessageId' | 'text'>) => {
    const before = conversation.idle
    const done = Promise.resolve()
    const turn: Turn = {
      ...asked,
      ...{ id: `t${randomId()}`, userMessageId: '', events: [], controller: new AbortController() },
      ...{ stored: done, written: done },
    }
    conversation.turns.push(turn)
    turn.stored = take(turn, before).catch((error: unknown) => {
      turn.controller.abort()
      conversation.turns = conversation.turns.filter((each) => each !== turn)
      throw error
    })
    const written = turn.stored.then(
      () => turn.written,
      () => {},
    )
    conversation.idle = Promise.all([before, written]).then(() => {})
    return turn
  }

  /** Never rejects: whatever happens, an answer ends with `done`. */
  const write = async (turn: Turn, reply: Promise<AsyncIterable<string>>): Promise<void> => {
    const { conversationId, userMessageId, controller } = turn
    const { signal } = controller
    let body = ''
    let failure: unknown
    try {
      for await (const text of untilAborted(reply, signal)) {
        emit(turn, { type: 'delta', text })
        body += text
      }
    } catch (error) {
      if (!signal.aborted) failure = error ?? new Error('no reason')
    }
    const stopped = signal.aborted
    let lastMessageId = userMessageId
    try {
      if (body) {
        const flags: RecordData = stopped ? { stopped } : failure ? { interrupted: true } : {}
        const data = { answerTo: userMessageId, ...flags }
        emit(turn, { type: 'message', message: await append(conversationId, 'assistant', body, data) })
      }
      lastMessageId = (await read(conversationId)).at(-1)?.id ?? userMessageId
    } catch (error) {
      failure = error
    }
    if (failure) emit(turn, failureOf(failure, body !== ''))
    emit(turn, { type: 'done', lastMessageId, ...(stopped && { stopped }) })
  }

  async function* stream(turn: Turn, from: number, signal: AbortSignal | undefined, replayed = false) {
    for (let n = from; ; n++) {
      while (n >= turn.events.length && !hasEnded(turn)) {
        await change(open(turn.conversationId), signal)
        signal?.throwIfAborted()
      }
      const event = turn.events[n]
      if (!event) return
      const isAgain = replayed && event.type === 'ack'
      const made: AdapterEvent = { id: `${turn.id}.${n}`, event: isAgain ? { ...event, replayed } : event }
      yield made
      signal?.throwIfAborted()
    }
  }
  const find = (conversationId: string, turnId: string | undefined): Turn => {
    const turn = open(conversationId).turns.find(({ id }) => id === turnId)
    if (!turn) throw refused('not_found', 404, 'There is no such answer on this page.')
    return turn
  }

  return {
    async *send({ text: given, conversationId = `c_${randomId()}`, clientMessageId, signal }) {
      signal?.throwIfAborted()
      const text = given.trim()
      if (!text) throw refused('invalid_text', 400, 'The message is empty. Write something.')
      if (codePoints(text) > limits.textCodePoints) throw refused('text_too_long', 413, 'Shorten the message.')
      const conversation = open(conversationId)
      const known = conversation.turns.find((turn) => turn.clientMessageId === clientMessageId)
      if (known && known.text !== text) throw mismatch()
      const turn = known ?? begin(conversation, { conversationId, clientMessageId, text })
      await unlessAborted(turn.stored, signal)
      yield* stream(turn, 0, signal, known !== undefined)
    },

    async *resume({ conversationId, lastEventId, signal }) {
      signal?.throwIfAborted()
      const last = parseEventId(lastEventId)
      if (!last) throw refused('invalid_event_id', 400, 'The event id is malformed.')
      yield* stream(find(conversationId, last.turnId), last.n + 1, signal)
    },

    async history(request) {
      const { conversationId, afterId, wait = 0, signal } = request
      signal?.throwIfAborted()
      const conversation = open(conversationId)
      const look = async () => {
        // First, so that an answer which ends meanwhile may be named beside its record, but is never missing.
        const active = conversation.turns.find((turn) => turn.events.length > 0 && !hasEnded(turn))
        const page = pageOf(await read(conversationId), request)
        return { ...page, ...(active && { activeTurn: { turnId: active.id, userMessageId: active.userMessageId } }) }
      }
      const { changes } = conversation
      const page = await look()
      if (wait <= 0 || page.lastMessageId !== (afterId ?? null)) return page
      if (conversation.changes === changes) await change(conversation, signal, wait * 1_000)
      signal?.throwIfAborted()
      return look()
    },

    async stop({ conversationId, turnId, signal }) {
      signal?.throwIfAborted()
      find(conversationId, turnId).controller.abort()
    },
  }
}

/** Everything but the question itself and those that came after it. */
function earlier(records: ConversationRecord[], { userMessageId }: Turn): ConversationRecord[] {
  const index = records.findIndex(({ id }) => id === userMessageId)
  return records.filter(({ actor }, n) => index < 0 || n < index || actor === 'assistant')
}

function failureOf(error: unknown, hasText: boolean): StreamEvent {
  const { code, isRetryable = true } = error as Partial<AdapterError>
  const isStorage = code === 'storage_unavailable'
  return {
    type: 'failure',
    code: isStorage ? code : hasText ? 'responder_interrupted' : 'responder_failed',
    message: isStorage ? 'The answer could not be kept.' : 'The answer failed. Send the message again.',
    retryable: isRetryable,
  }
}

/** Works with a store. @throws AdapterError whatever the store throws */
async function guarded<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const message = 'The conversation cannot be read or written. Is the storage full or blocked?'
    throw new AdapterError('storage_unavailable', message, { status: 503, cause })
  }
}

const mismatch = () => refused('idempotency_mismatch', 409, 'Use a new key for another message.')

const refused = (code: ErrorCode, status: number, message: string): AdapterError =>
  new AdapterError(code, message, { status })
