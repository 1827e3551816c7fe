/** What a responder is told of the conversation so far. */
import { visitorPaths } from '../../protocol.ts'
import type { ResponderAttachment, ResponderMessage } from '../responders/responder.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import type { PublicValue } from './values.ts'

/** How much goes along: the newest messages that fit. */
export interface ContextBudget {
  /** Most messages. @default 40 */
  messages: number
  /** Most characters (UTF-16 units) of all bodies together. @default 24_000 */
  characters: number
}

/** The default budget: some 6,000 tokens, which every chat model of today takes beside its answer. */
export const defaultBudget: ContextBudget = { messages: 40, characters: 24_000 }

/** The files of a message, as a responder is told of them. */
type FilesOf = (message: PublicValue) => { attachments?: ResponderAttachment[] }

/** @param urlOf where a file can be fetched */
export const attachmentsOf =
  (urlOf = (id: string) => `${visitorPaths.attachments}/${id}`): FilesOf =>
  ({ data }) =>
    data?.attachments ? { attachments: data.attachments.map((file) => ({ ...file, url: urlOf(file.id) })) } : {}

/** The messages before `message`, newest within the budget, oldest first. */
export async function historyFor(
  log: ConversationLog,
  conversation: string,
  message: LogEntry<PublicValue>,
  filesOf: FilesOf = attachmentsOf(),
  budget: ContextBudget = defaultBudget,
): Promise<ResponderMessage[]> {
  const page = await log.before<PublicValue>(conversation, 'public', message.id, budget.messages)
  const chosen: ResponderMessage[] = []
  let left = budget.characters
  for (const { value, createdAt } of page.entries.toReversed()) {
    left -= value.body.length
    if (left < 0) break
    const role = value.actor === 'customer' ? 'customer' : value.data?.author ? 'operator' : 'assistant'
    chosen.unshift({ role, body: value.body, createdAt, ...filesOf(value) })
  }
  return chosen
}
