/** Sees everything a visitor's engine is told, attempt after attempt, and remembers it. */
import type { AdapterEvent, ChatAdapter } from '../../adapters/adapter.ts'
import type { ConversationRecord } from '../../protocol.ts'

/** What the server has said to one visitor. */
export interface Witness {
  /** The acknowledged messages, by their text. */
  readonly acked: ReadonlyMap<string, Acknowledged>
  /** The pieces of answers, by turn and number. */
  readonly pieces: ReadonlyMap<string, ReadonlyMap<number, string>>
  /** The finished answers that streams have shown, by turn. */
  readonly answers: ReadonlyMap<string, ConversationRecord>
  /** What the server said otherwise than before. */
  readonly contradictions: readonly string[]
  /** Stands between an engine and its adapter. */
  watch(adapter: ChatAdapter): ChatAdapter
}

/** What an `ack` named. */
export interface Acknowledged {
  clientMessageId: string
  userMessageId: string
  turnId: string
}

/** A witness of one visitor. */
export function createWitness(): Witness {
  const acked = new Map<string, Acknowledged>()
  const pieces = new Map<string, Map<number, string>>()
  const answers = new Map<string, ConversationRecord>()
  const contradictions: string[] = []

  const remember = <K, V>(known: Map<K, V>, key: K, value: V, what: string) => {
    const before = known.get(key)
    if (before === undefined) known.set(key, value)
    else if (JSON.stringify(before) !== JSON.stringify(value)) {
      contradictions.push(`${what}: first ${JSON.stringify(before)}, then ${JSON.stringify(value)}`)
    }
  }

  async function* seen(
    events: AsyncIterable<AdapterEvent>,
    sent?: { text: string; clientMessageId: string },
  ): AsyncGenerator<AdapterEvent> {
    for await (const each of events) {
      const { id, event } = each
      const [turnId = '', n = ''] = id.split('.')
      if (event.type === 'ack' && sent) {
        const { userMessageId } = event
        const value = { clientMessageId: sent.clientMessageId, userMessageId, turnId: event.turnId }
        remember(acked, sent.text, value, 'ack')
      }
      if (event.type === 'delta') {
        const known = pieces.get(turnId) ?? new Map<number, string>()
        pieces.set(turnId, known)
        remember(known, Number(n), event.text, `delta ${n}`)
      }
      if (event.type === 'message') remember(answers, turnId, event.message, 'message')
      yield each
    }
  }

  return {
    acked,
    pieces,
    answers,
    contradictions,
    watch: (adapter) => ({
      ...adapter,
      send: (request) => seen(adapter.send(request), request),
      resume: (request) => seen(adapter.resume(request)),
    }),
  }
}
