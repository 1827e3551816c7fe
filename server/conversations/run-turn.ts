/** One turn from its claim to its end. */
import type { Logger } from '../logger.ts'
import type { Responder } from '../responders/responder.ts'
import type { LogEntry } from '../storage/log.ts'
import { isLogError } from '../storage/log.ts'
import { attachmentsOf, historyFor } from './context.ts'
import { isSilent, readDesk } from './desk-state.ts'
import { endTurn, failureOf, interrupted } from './end-turn.ts'
import type { EndOptions, Outcome } from './end-turn.ts'
import { endKey, parseConversationKey, turnKey } from './keys.ts'
import { persist, untilAborted } from './patience.ts'
import { FencedError, advance, claimTurn, emptyTurn } from './turn-lane.ts'
import type { TurnPen } from './turn-lane.ts'
import { previousHasEnded } from './turn-order.ts'
import type { OrderOptions } from './turn-order.ts'
import type { TurnRef } from './turns.ts'
import type { PublicValue } from './values.ts'

/** What running a turn takes. */
export interface RunOptions extends OrderOptions, EndOptions {
  /** The responder of an integration; null when there is none any more. */
  responderFor: (integrationId: string) => Responder | null
  /** Whether the integration may have one more answer today; the same turn may ask again. @default always */
  mayAnswer?: (integrationId: string, turnId: string) => Promise<boolean>
  /** Where a file can be fetched. @default only its path */
  attachmentUrl?: (id: string) => string
  logger: Logger
  /** Names this process among those that write to the log. */
  owner: string
  /** How often an owner shows a sign of life while its responder is silent, in milliseconds. */
  beatMs: number
}

/** The process ends: whoever comes next takes the turn up. */
export class ShutdownError extends Error {
  override readonly name = 'ShutdownError'
}

/** The customer asked for the answer to be stopped. */
class StopError extends Error {
  override readonly name = 'StopError'
}

/**
 * Answers one message. Returns when the turn has ended, belongs to somebody else, or is to be left as it is.
 * @param mayTakeOver whether the owner of a turn that was claimed before is known to be gone
 */
export async function runTurn(
  options: RunOptions,
  ref: TurnRef,
  mayTakeOver: boolean,
  controller: AbortController,
): Promise<void> {
  const { log } = options
  const { conversation, turnId } = ref
  // A turn that is let go of waits for somebody to find it: one failed look at the storage is no reason for that.
  const trying = <T>(work: () => Promise<T>) => persist(options, controller.signal, work)
  const found = await trying(() => log.find<PublicValue>(conversation, turnKey(turnId)))
  const start = found?.entry.value.turn
  if (!found || !start) return
  if (!(await trying(() => previousHasEnded(options, conversation, found.entry, controller.signal)))) return

  const state = emptyTurn()
  await trying(() => advance(log, conversation, turnId, state))
  if (state.claimed && !mayTakeOver) return
  const end = (outcome: Outcome) => endTurn(options, ref, start, state.deltas, outcome)
  // Its end stands already, and only the mark was left open: ending it once more closes the mark and nothing else.
  if (await trying(() => log.find(conversation, endKey(turnId)))) return end({})
  const pen = await trying(() => claimTurn(log, conversation, turnId, options.owner, state))
  if (!pen) return
  if (state.handover) return end({ handover: state.handover })
  if (state.stopRequested) return end({ stopped: true })
  if (state.deltas.length > 0) return end({ failure: interrupted })

  const outcome = await answer(options, ref, found.entry, pen, controller)
  if (outcome && (await isStillOurs(options, pen))) await end(outcome)
}

/**
 * Whether an owner with nothing to say may end its turn. After a long pause its patience with the responder runs out
 * at once, while the one that took over may be in the middle of its answer. What was said needs no such question: every
 * piece was fenced, and whoever took over has published it.
 */
async function isStillOurs(options: RunOptions, pen: TurnPen): Promise<boolean> {
  if (pen.state.deltas.length > 0) return true
  try {
    await persist(options, undefined, () => pen.write({ type: 'beat' }))
    return true
  } catch (error) {
    if (error instanceof FencedError) return false
    throw error
  }
}

/** Lets the responder speak. Null when the turn is to be left to somebody else. */
async function answer(
  options: RunOptions,
  ref: TurnRef,
  message: LogEntry<PublicValue>,
  pen: TurnPen,
  controller: AbortController,
): Promise<Outcome | null> {
  const { log, logger } = options
  const trying = <T>(work: () => Promise<T>) => persist(options, controller.signal, work)
  const names = parseConversationKey(ref.conversation)
  const responder = names && options.responderFor(names.integrationId)
  if (!responder || isSilent(await trying(() => readDesk(log, ref.conversation)))) return { pending: 'human' }
  const { mayAnswer } = options
  if (mayAnswer && !(await trying(() => mayAnswer(names.integrationId, ref.turnId)))) return { pending: 'human' }

  /** Whatever is done to the lane shows what others wrote there: a request to stop, or that the turn was taken over. */
  const obey = async (work: Promise<void>) => {
    await work.catch((error: unknown) => error instanceof FencedError && controller.abort(error))
    if (pen.state.stopRequested) controller.abort(new StopError())
  }
  const stopListening = options.wakeups.on(ref.conversation, (notice) => {
    // A look that fails must not be the last one: the request to stop would go unseen.
    if (pen.isForeign(notice)) void obey(trying(() => pen.check()))
  })
  const beat = setInterval(() => void obey(pen.write({ type: 'beat' })), options.beatMs)

  try {
    // Whatever came between the claim and the listener.
    await trying(() => pen.check())
    if (pen.state.stopRequested) throw new StopError()
    const filesOf = attachmentsOf(options.attachmentUrl)
    const history = await trying(() => historyFor(log, ref.conversation, message, filesOf))
    const pieces = responder.respond({
      ...names,
      turnId: ref.turnId,
      text: message.value.body,
      ...filesOf(message.value),
      history,
      ...(message.value.turn?.context && { context: message.value.turn.context }),
      signal: controller.signal,
    })
    let offers: Outcome['offers'] = {}
    for await (const piece of untilAborted(pieces, controller.signal)) {
      if (typeof piece !== 'string' && piece.type === 'offer') {
        const { type: _type, ...more } = piece
        offers = { ...offers, ...more }
        continue
      }
      if (typeof piece !== 'string') {
        const { reason } = piece
        const handover = reason === undefined ? {} : { reason }
        // Whoever takes the turn over after a crash goes on from here: it is no answer that broke off.
        await trying(() => pen.write({ type: 'handover', ...handover }))
        return { handover, offers }
      }
      if (piece) await trying(() => pen.write({ type: 'delta', text: piece }))
      if (pen.state.stopRequested) throw new StopError()
    }
    return pen.state.deltas.length > 0 ? { offers } : { pending: 'human' }
  } catch (error) {
    const reason: unknown = controller.signal.aborted ? controller.signal.reason : error
    if (reason instanceof StopError) return { stopped: true }
    if (reason instanceof FencedError) return null
    // With something said, what there is goes out now; with nothing said, another process can still answer in full.
    if (reason instanceof ShutdownError) return pen.state.deltas.length > 0 ? { failure: interrupted } : null
    if (isLogError(reason)) throw reason
    logger.warn('responder: failed', { kind: responder.kind, error: reason })
    return { failure: failureOf(reason) }
  } finally {
    clearInterval(beat)
    stopListening()
    controller.abort()
  }
}
