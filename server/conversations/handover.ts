/** Asking for a person: the assistant does it, or the customer. From then on the assistant is silent until handed back. */
import type { ConversationLog, LogEntry, LogPage } from '../storage/log.ts'
import { changeDesk } from './desk-state.ts'
import type { DeskState, Handover } from './desk-state.ts'
import { endKey, handoverKey, turnKey } from './keys.ts'
import { turnLane } from './turn-lane.ts'
import type { PublicValue } from './values.ts'

/** Whether a message is a person's word: theirs, or the assistant's by their leave. */
export const isFromPerson = ({ data, approval }: PublicValue): boolean => !!data?.author || !!approval?.by

/** Whether somebody still waits for a person. @param newest the newest messages */
export const isUnanswered = ({ at }: Handover, newest: readonly LogEntry<PublicValue>[]): boolean =>
  !newest.some(({ position, value }) => position > at && isFromPerson(value))

/**
 * The assistant asks for a person. It is stored before its answer is, so that no other answer comes in between, and once for
 * each turn, so that a restart takes back nobody's "hand back".
 */
export async function handOver(
  log: ConversationLog,
  conversation: string,
  turnId: string,
  { reason }: { reason?: string },
): Promise<void> {
  const { entries } = await log.before<PublicValue>(conversation, 'public', null, 1)
  const why = reason === undefined ? {} : { reason }
  const handover: Handover = { by: 'assistant', ...why, at: entries[0]?.position ?? 0 }
  const facts = { ...why, turnId, once: handoverKey(turnId) }
  await changeDesk(log, conversation, 'handover', 'assistant', turnKey(turnId), () => ({ handover }), facts)
}

/**
 * The customer asks for a person. Where somebody has asked already and nobody has answered yet, nothing is stored.
 * @returns null where there is no such conversation
 */
export async function askForPerson(log: ConversationLog, conversation: string): Promise<DeskState | null> {
  const { entries: newest } = await log.before<PublicValue>(conversation, 'public', null, 20)
  const turnId = await newestTurn(log, conversation)
  if (turnId === null) return null
  const at = newest.at(-1)?.position ?? 0
  const change = (known: DeskState): Partial<DeskState> => {
    const isResolved = known.resolvedAt !== null && at <= known.resolvedAt
    const isAsked = known.handover !== null && isUnanswered(known.handover, newest) && !isResolved
    return isAsked ? {} : { handover: { by: 'customer', at }, resolvedAt: null }
  }
  const state = await changeDesk(log, conversation, 'handover', 'customer', turnKey(turnId), change, { turnId })
  await stopAnswers(log, conversation, newest, turnKey(turnId))
  return state
}

/** Has what is being written stopped; what has not begun finds out by itself. @param newest the newest messages */
export async function stopAnswers(
  log: ConversationLog,
  conversation: string,
  newest: readonly LogEntry<PublicValue>[],
  requires: string,
): Promise<void> {
  for (const { value } of newest) {
    const { turn } = value
    if (!turn || turn.mode === 'human' || (await log.find(conversation, endKey(turn.id)))) continue
    await log.append(conversation, turnLane(turn.id), { type: 'stop' }, { requires })
  }
}

/** The turn of the customer's newest message; null where there is none. */
export async function newestTurn(log: ConversationLog, conversation: string): Promise<string | null> {
  for (let cursor: string | null = null, hasMore = true; hasMore;) {
    const page: LogPage<PublicValue> = await log.before<PublicValue>(conversation, 'public', cursor, 20)
    const found = page.entries.findLast(({ value }) => value.turn)?.value.turn
    if (found) return found.id
    cursor = page.entries[0]?.id ?? null
    hasMore = page.hasMore && cursor !== null
  }
  return null
}
