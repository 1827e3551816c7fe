/** How a turn ends: with a message, a draft, or neither, in one step. */
import type { RecordData } from '../../protocol.ts'
import { isLogError } from '../storage/log.ts'
import type { Appended, ConversationLog } from '../storage/log.ts'
import { readDesk } from './desk-state.ts'
import { publishUndecided } from './drafts.ts'
import type { DraftEntry } from './drafts.ts'
import { handOver } from './handover.ts'
import { endKey, turnKey } from './keys.ts'
import { persist } from './patience.ts'
import type { PatienceOptions } from './patience.ts'
import type { TurnRef } from './turns.ts'
import type { PrivateValue, PublicValue, TurnEnd, TurnStart } from './values.ts'

/** What ending a turn takes. */
export interface EndOptions extends PatienceOptions {
  log: ConversationLog
  /** The turn has ended, and that is stored. */
  onEnd: (turn: TurnRef) => void
}

/** What a turn came to, besides what was said. */
export interface Outcome extends Pick<TurnEnd, 'failure' | 'stopped' | 'pending'> {
  /** The responder wants a person to go on. */
  handover?: { reason?: string }
  /** Buttons that come with what was said. A crash in the middle of an answer loses them with its rest. */
  offers?: Pick<RecordData, 'quickReplies' | 'links'>
}

/** Its owner was lost in the middle of it. */
export const interrupted: NonNullable<TurnEnd['failure']> = {
  code: 'responder_interrupted',
  message: 'The answer broke off.',
  retryable: true,
}

/** The one step that makes an end public, stores it and closes the turn. Does nothing where it stands already. */
export async function endTurn(
  options: EndOptions,
  { conversation, turnId }: TurnRef,
  start: TurnStart,
  deltas: string[],
  { handover, offers = {}, ...outcome }: Outcome,
): Promise<void> {
  const { log } = options
  const ends: TurnEnd = { turnId, deltas: deltas.length, ...outcome, ...(handover && { pending: 'human' as const }) }
  const body = deltas.join('')
  const data: RecordData = {
    ...offers,
    ...(outcome.failure && { interrupted: true }),
    ...(outcome.stopped && { stopped: true }),
  }
  const keys = { keys: [endKey(turnId)], closes: turnId, requires: turnKey(turnId) }
  const commit = (): Promise<Appended<PublicValue | PrivateValue>> => {
    if (!body) return log.append(conversation, 'private', { type: 'turn-end', ends }, keys)
    if (start.mode === 'approval') return endWithDraft(log, conversation, { type: 'draft', body, ends, ...offers })
    const value: PublicValue = { actor: 'assistant', type: 'message', body, ends }
    if (Object.keys(data).length > 0) value.data = data
    return log.append(conversation, 'public', value, keys)
  }
  const end = async () => {
    if (handover) await handOver(log, conversation, turnId, handover)
    return commit()
  }
  await persist(options, undefined, end).catch((error: unknown) => {
    // Erased meanwhile, and to stay so.
    if (!isLogError(error, 'gone')) throw error
  })
  options.onEnd({ conversation, turnId })
}

/**
 * Keeps an answer as a draft, or publishes it where the customer was approved meanwhile. The word is looked for after the
 * draft is stored, and drafts are looked for after the word is: one of the two finds the other. Only then is the turn's mark
 * closed, so that whoever comes after a crash looks once more.
 */
async function endWithDraft(
  log: ConversationLog,
  conversation: string,
  value: DraftEntry['value'],
): Promise<Appended<PublicValue | PrivateValue>> {
  const { turnId } = value.ends
  const keys = { keys: [endKey(turnId)], requires: turnKey(turnId) }
  const kept = await log.append<PublicValue | PrivateValue>(conversation, 'private', value, keys)
  if (kept.outcome !== 'conflict' && kept.entry.value.type === 'draft') {
    const { approvedBy } = await readDesk(log, conversation)
    if (approvedBy !== null) await publishUndecided(log, conversation, kept.entry as DraftEntry, approvedBy)
  }
  return log.append<PublicValue | PrivateValue>(conversation, 'private', value, { ...keys, closes: turnId })
}

/** What the customer is told. The responder's own words go to the operator's log only. */
export function failureOf(error: unknown): NonNullable<TurnEnd['failure']> {
  const { name, code, isRetryable } = error as { name?: string; code?: string; isRetryable?: boolean }
  const retryable = isRetryable ?? true
  if (name === 'ResponderError' && code === 'responder_timeout') {
    return { code, message: 'The answer took too long.', retryable }
  }
  if (name === 'ResponderError' && code === 'responder_interrupted') return { ...interrupted, retryable }
  return { code: 'responder_failed', message: 'The answer could not be written.', retryable }
}
