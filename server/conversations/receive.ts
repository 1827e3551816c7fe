/** Takes a customer's message: stored once, whatever is retried. */
import { limits } from '../../protocol.ts'
import type { Attachment, RecordData } from '../../protocol.ts'
import { HttpError } from '../errors.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import { clientKey, sameTextKey, turnKey } from './keys.ts'
import { advance, emptyTurn } from './turn-lane.ts'
import type { PublicValue, TurnMode } from './values.ts'

/** A message to store. */
export interface ReceiveRequest {
  conversation: string
  /** Trimmed and within the limits. */
  text: string
  /** The id the turn gets if the message is new. */
  turnId: string
  mode: TurnMode
  clientMessageId?: string
  context?: Record<string, unknown>
  sender?: Sender
  /** Files that are claimed for it. @default none */
  attachments?: Attachment[]
}

/** What the server has seen of whoever sends a message. Never public, and never an address. */
export interface Sender {
  /** Whether there was proof of the conversation's id. */
  isVerified: boolean
  /** Such as `Firefox 140 on Windows`; null: not known. */
  browser: string | null
}

/** A stored message. */
export interface Received {
  message: LogEntry<PublicValue>
  /** Whether it had been stored before. */
  replayed: boolean
}

/**
 * Stores a message, or finds the one that is meant.
 * @throws HttpError `idempotency_mismatch`; LogError
 */
export async function receive(log: ConversationLog, now: () => number, request: ReceiveRequest): Promise<Received> {
  const { conversation, text, clientMessageId, mode, turnId, context, sender, attachments = [] } = request
  const data: RecordData = {
    ...(clientMessageId && { clientMessageId }),
    ...(attachments.length > 0 && { attachments }),
  }
  const value: PublicValue = {
    actor: 'customer',
    type: 'message',
    body: text,
    ...(Object.keys(data).length > 0 && { data }),
    turn: {
      ...{ id: turnId, mode },
      ...(context && { context }),
      ...(sender?.isVerified && { isVerified: true }),
      ...(sender?.browser && { browser: sender.browser }),
    },
  }
  const files = idsOf(attachments)
  const keys = [await messageKey(clientMessageId, text, files), turnKey(turnId)]
  const opens = mode === 'human' ? undefined : turnId

  for (let supersedes: string | undefined; ;) {
    const appended = await log.append(conversation, 'public', value, {
      keys,
      ...(opens && { opens }),
      ...(supersedes && { supersedes }),
    })
    if (appended.outcome === 'stored') return { message: appended.entry, replayed: false }
    if (appended.outcome === 'conflict') throw new Error('An append without a position cannot conflict.')
    const earlier = appended.entry
    if (clientMessageId && !isSame(earlier.value, text, files)) throw mismatch()
    if (clientMessageId || (await isStillOpen(log, appended.now ?? now(), conversation, earlier))) {
      return { message: earlier, replayed: true }
    }
    // A second "yes". Should somebody else have stored it just now, the loop meets that one.
    supersedes = earlier.id
  }
}

/** The key a message is found by when it is sent again. */
export const messageKey = async (
  clientMessageId: string | undefined,
  text: string,
  files: readonly string[],
): Promise<string> => (clientMessageId ? clientKey(clientMessageId) : sameTextKey(text, files))

/** The ids of files. */
export const idsOf = (attachments: readonly Attachment[] = []): string[] => attachments.map(({ id }) => id)

/** Whether a stored message has this text and these files. */
export const isSame = ({ body, data }: PublicValue, text: string, files: readonly string[]): boolean =>
  body === text && idsOf(data?.attachments).join() === files.join()

/** Whether the same text, without a key, can only be a retry: no client has seen the end of its answer yet. */
async function isStillOpen(
  log: ConversationLog,
  now: number,
  conversation: string,
  earlier: LogEntry<PublicValue>,
): Promise<boolean> {
  const turn = earlier.value.turn
  if (!turn || now - Date.parse(earlier.createdAt) >= limits.attachMs) return false
  const state = emptyTurn()
  await advance(log, conversation, turn.id, state)
  return !state.delivered
}

/** The answer to a key that was used for something else. */
export const mismatch = (): HttpError =>
  new HttpError(
    409,
    'idempotency_mismatch',
    'This clientMessageId was used for a message with another text or other files. Use a new one for a new message.',
  )
