/** What the visitor has written and the server does not have: kept, and sent one after the other. */
import type { AdapterEvent } from '../../adapters/adapter.ts'
import type { Answers, Progress } from './answers.ts'
import { TRIES } from './context.ts'
import type { Context } from './context.ts'
import type { UnsentMessage } from './kept.ts'
import { backOff, canMint, randomId, sleep } from './retry.ts'
import type { Outgoing } from './bubbles.ts'

/** The messages on their way. */
export interface Outbox {
  /** Takes on what the browser keeps. From now on messages are kept. */
  restore(found: readonly UnsentMessage[]): void
  /** Sends what waits. */
  pump(): void
  /** What found no network is sent again, before all that is newer. */
  revive(): void
  /** Keeps what is to be kept now. */
  keep(): void
  /** Gives the conversation a name where it has none: the one that it has got first, in whichever tab. */
  name(): Promise<void>
}

/** @param sync brings the conversation up to date */
export function createOutbox(context: Context, answers: Answers, sync: () => Promise<void>): Outbox {
  const { timeline, session, signal } = context
  /** The messages that the browser keeps, and whether it knows that they were given up. */
  const kept = new Map<string, boolean>()
  let isReady = false
  let isSending = false

  const waits = ({ hasFailed, userMessageId }: Outgoing) => !hasFailed && !userMessageId
  const isWaiting = (id: string) => timeline.outgoing.some((each) => each.clientMessageId === id && waits(each))
  const isCutOff = ({ hasFailed, reason }: Outgoing) => hasFailed && reason === 'network'
  /** Nothing is wrong with the message: it is sent by the next page that can. */
  const isHeldUp = (message: Outgoing) => isCutOff(message) || (message.hasFailed && message.reason === 'invalid_token')

  const keep = () => {
    // Until it was read, nobody knows what is kept.
    if (!isReady || signal.aborted) return
    const unsent = timeline.outgoing.filter(({ userMessageId }) => !userMessageId)
    for (const message of unsent) {
      const { clientMessageId } = message
      const hasFailed = message.hasFailed && !isHeldUp(message)
      if (kept.get(clientMessageId) !== hasFailed) session.keep({ ...message, hasFailed })
      kept.set(clientMessageId, hasFailed)
    }
    for (const id of kept.keys()) {
      if (!unsent.some(({ clientMessageId }) => clientMessageId === id) && kept.delete(id)) session.drop(id)
    }
  }

  const claim = async (mine: string): Promise<void> => {
    const named = await session.claim(mine)
    if (signal.aborted) return
    context.conversationId = named
    // Nobody has used a new one: there is nothing to read.
    if (named === mine) context.isHydrated = true
    else void sync()
    context.onNamed?.()
  }

  /** The next message goes out when the one before is stored, or will not be. */
  const pump = async (): Promise<void> => {
    if (isSending || !isReady) return
    isSending = true
    for (let next; (next = timeline.outgoing.find(waits));) {
      const message = next
      await new Promise<void>((settled) => void deliver(message, settled))
      // What finds no network holds up the others: they would find none, or be stored before it.
      if (timeline.outgoing.some(isCutOff)) break
    }
    isSending = false
  }

  const name = async (): Promise<void> => {
    if (context.others) {
      await context.seek()
      void sync()
    }
    if (context.conversationId === undefined && canMint()) await claim(`c_${randomId()}`)
  }

  /** Sends a message, once the conversation has its name. */
  async function* submit(message: Outgoing): AsyncGenerator<AdapterEvent> {
    const { clientMessageId, text, context: own } = message
    await name()
    if (signal.aborted || !isWaiting(clientMessageId)) return
    const { conversationId, proof } = context
    const told = { ...context.context?.(), ...own }
    const attachments = message.attachments?.map(({ id }) => id)
    yield* context.adapter.send({ clientMessageId, text, signal, conversationId, proof, context: told, attachments })
  }

  /** The token is gone: none of the messages finds anybody. Each of them can be tried by hand. */
  const refuse = (reason: string): void => {
    context.connection = 'disconnected'
    for (const { clientMessageId } of timeline.outgoing.filter(waits))
      timeline.update(clientMessageId, { hasFailed: true, reason })
  }

  const deliver = async (message: Outgoing, settled: () => void): Promise<void> => {
    const { clientMessageId, text } = message
    for (let attempt = 1; !signal.aborted && isWaiting(clientMessageId); attempt++) {
      const turn: Progress = { turnId: '', lastEventId: '', hasEnded: false, text }
      const onAck = async (named: string, userMessageId: string) => {
        if (context.conversationId === undefined) await claim(named)
        timeline.update(clientMessageId, { userMessageId })
        keep()
        settled()
      }
      const error = await answers.consume(turn, () => submit(message), { clientMessageId, onAck })
      if (signal.aborted) return
      if (turn.turnId) return answers.follow(turn)
      if (!isWaiting(clientMessageId)) break
      const { isWorthIt, reason, afterMs } = backOff(error, attempt)
      const hasFailed = !isWorthIt || attempt >= TRIES
      timeline.update(clientMessageId, { hasFailed, reason })
      if (hasFailed && reason === 'network') context.connection = 'offline'
      if (reason === 'invalid_token') refuse(reason)
      if (!hasFailed) {
        context.changed()
        await sleep(afterMs, signal)
      }
    }
    // What is left is never settled: the messages after this one are left, too.
    if (signal.aborted) return
    keep()
    context.changed()
    settled()
  }

  return {
    restore(found) {
      isReady = true
      for (const { clientMessageId, hasFailed } of found) kept.set(clientMessageId, hasFailed)
      timeline.restore(found)
      keep()
    },
    pump: () => void pump(),
    revive() {
      for (const message of timeline.outgoing.filter(isCutOff))
        timeline.update(message.clientMessageId, { hasFailed: false, reason: '' })
    },
    keep,
    name,
  }
}
