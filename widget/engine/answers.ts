/** The answers that are being written: read as they come, taken up again after a cut, and left to the history at last. */
import type { AdapterEvent } from '../../adapters/adapter.ts'
import { TRIES } from './context.ts'
import type { Context } from './context.ts'
import { backOff, sleep } from './retry.ts'

/** How far a stream was read. */
export interface Progress {
  turnId: string
  lastEventId: string
  hasEnded: boolean
  /** The question, where it is known. */
  text?: string
}

/** A message that a stream was asked for with. */
export interface Question {
  clientMessageId: string
  /** It is stored. */
  onAck: (conversationId: string, userMessageId: string) => Promise<void>
}

/** The answers of one conversation. */
export interface Answers {
  /** Takes a stream as far as it goes. Returns what ended it too early, if anything did. */
  consume(turn: Progress, open: () => AsyncIterable<AdapterEvent>, question?: Question): Promise<unknown>
  /** Sees an answer to its end, over cuts, and then lets history say what there is. */
  follow(turn: Progress): Promise<void>
  /** An answer is being written, says the history. */
  attach(turn: { turnId: string; userMessageId: string }): void
}

/** @param sync brings the conversation up to date */
export function createAnswers(context: Context, sync: () => Promise<void>): Answers {
  const { timeline, signal } = context
  /** Turns that a stream is read of. */
  const followed = new Set<string>()

  const consume: Answers['consume'] = async (turn, open, question) => {
    try {
      for await (const { id, event } of open()) {
        if (signal.aborted) return
        if (event.type === 'ack' && question) {
          const { turnId, userMessageId } = event
          await question.onAck(event.conversationId, userMessageId)
          if (signal.aborted) return
          timeline.begin({ turnId, userMessageId, clientMessageId: question.clientMessageId })
          // History knew of the answer first, and it is being read already.
          if (followed.has(turnId)) return context.changed()
          followed.add(turnId)
          turn.turnId = turnId
        }
        turn.lastEventId = id
        take(turn, event)
        context.connection = 'online'
        context.changed()
      }
    } catch (error) {
      return error
    }
  }

  const take = (turn: Progress, event: AdapterEvent['event']) => {
    if (event.type === 'delta') timeline.extend(turn.turnId, event.text)
    else if (event.type === 'message') {
      timeline.complete(turn.turnId, event.message)
      context.tell(event.message)
    } else if (event.type === 'pending') timeline.outcome = { kind: event.reason }
    else if (event.type === 'failure') timeline.outcome = { kind: 'failed', text: turn.text }
    else if (event.type === 'done') {
      turn.hasEnded = true
      timeline.abandon(turn.turnId)
    }
  }

  const follow = async (turn: Progress): Promise<void> => {
    const { turnId } = turn
    for (let attempt = 1; !turn.hasEnded; attempt++) {
      const { lastEventId } = turn
      const request = { conversationId: context.conversationId ?? '', lastEventId, proof: context.proof, signal }
      const error = await consume(turn, () => context.adapter.resume(request))
      if (signal.aborted) return
      if (turn.lastEventId !== lastEventId) attempt = 0
      else if (error === undefined) break
      const { isWorthIt, afterMs } = backOff(error, attempt)
      if (turn.hasEnded || !isWorthIt || attempt >= TRIES) break
      await sleep(afterMs, signal)
      if (signal.aborted) return
    }
    timeline.abandon(turnId)
    await sync()
    // Only now: where it is said to go on, it is the next look that takes it up again.
    followed.delete(turnId)
  }

  return {
    consume,
    follow,
    attach(turn) {
      const { turnId } = turn
      if (followed.has(turnId)) return
      followed.add(turnId)
      timeline.begin(turn)
      void follow({ turnId, lastEventId: `${turnId}.0`, hasEnded: false })
    },
  }
}
