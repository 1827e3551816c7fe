/** The use cases of a conversation. Knows neither HTTP nor a storage driver. */
import type { HistoryPage } from '../../protocol.ts'
import type { ConversationFiles } from '../attachments/contract.ts'
import type { Audit } from '../access/audit.ts'
import type { Integration } from '../access/integration.ts'
import { HttpError } from '../errors.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import { viewActivity } from './activity.ts'
import type { ActivityView } from './activity.ts'
import { readDesk } from './desk-state.ts'
import { viewCustomer } from './customer.ts'
import type { CustomerView } from './customer.ts'
import { createDesk } from './desk.ts'
import type { Attach, Desk } from './desk.ts'
import { askForPerson } from './handover.ts'
import { createFeedback } from './feedback.ts'
import type { Feedback } from './feedback.ts'
import { history } from './history.ts'
import type { HistoryOptions, HistoryQuery } from './history.ts'
import { createInbox } from './inbox.ts'
import type { Inbox } from './inbox.ts'
import { clientKey, conversationKey, endKey, mintConversation, newTurnId, randomId, turnKey } from './keys.ts'
import { createOverdueSweeper } from './overdue.ts'
import type { OverdueOptions } from './overdue.ts'
import { erase, exported } from './person-data.ts'
import { messageKey, receive } from './receive.ts'
import type { Sender } from './receive.ts'
import { records } from './records.ts'
import type { OperatorRecord, RecordsPage } from './records.ts'
import { eventCount, follow } from './stream.ts'
import type { StreamItem } from './stream.ts'
import { advance, emptyTurn, turnLane } from './turn-lane.ts'
import { createTurns } from './turns.ts'
import type { TurnsOptions } from './turns.ts'
import type { PublicValue, TurnMode } from './values.ts'
import { createWakeups } from './wakeups.ts'
import { followWriting } from './writing.ts'
import type { WritingEvent } from './writing.ts'

/** What the service needs. */
export interface ConversationsOptions
  extends
    Omit<TurnsOptions, 'wakeups' | 'owner' | 'monotonic'>,
    Pick<OverdueOptions, 'integrations' | 'sweepMs'>,
    Pick<HistoryOptions, 'typist'> {
  log: ConversationLog
  /** The files of conversations; null: there are none. */
  files?: ConversationFiles | null
  /** Where erasures are proved. */
  audit: Pick<Audit, 'note'>
  /** The wall clock, in milliseconds. */
  now: () => number
  /** Hears of every conversation that was appended to, sooner or later, whatever process is killed. It may fail. */
  moved?: (conversation: string) => Promise<void>
}

/** One message from a customer. */
export interface SendInput {
  integration: Integration
  /** Left out: a new conversation begins. */
  conversationId?: string
  text: string
  clientMessageId?: string
  context?: Record<string, unknown>
  /** What is known of whoever sends it. @default nothing */
  sender?: Sender
  /** Ids of files that were uploaded for the conversation. @default none */
  attachments?: readonly string[]
}

/** Who reads a stream. */
export interface StreamReader {
  /** The client has gone. */
  signal: AbortSignal
  /** Whether the caller's token still holds. */
  isAllowed: () => Promise<boolean>
}

/** A stored message and its stream. */
export interface Sent {
  turnId: string
  /** Whether the message had been stored before. */
  replayed: boolean
  events(reader: StreamReader): AsyncGenerator<StreamItem, void, undefined>
}

/** The use cases. */
export interface Conversations {
  /** Stores a message; its answer begins once `begin` is called. */
  send(input: SendInput): Promise<Sent & { begin(): void }>
  /** Whether a message of this idempotency key has been stored. */
  hasMessage(integrationId: string, conversationId: string, clientMessageId: string): Promise<boolean>
  /** The rest of a turn's stream after event `n`; null when there is none. @throws HttpError `not_found` */
  resume(integrationId: string, conversationId: string, turnId: string, n: number): Promise<Sent | null>
  /** Asks for an answer to be stopped. @throws HttpError `not_found` */
  stop(integrationId: string, conversationId: string, turnId: string): Promise<void>
  /** The customer wants a person. It may be asked for again. @throws HttpError `not_found` */
  askForPerson(integrationId: string, conversationId: string): Promise<void>
  history(integrationId: string, conversationId: string, query: HistoryQuery): Promise<HistoryPage>
  /** Somebody begins or ends to type a reply: whoever waits there looks again. */
  wake(conversation: string): void
  /** Passes where there is such a conversation. @throws HttpError `not_found` */
  mustExist(conversation: string): Promise<void>
  /** Everything, for operators. @throws HttpError `not_found` */
  records(conversation: string, query: HistoryQuery): Promise<RecordsPage>
  /** Answers and drafts as they are written, for operators. @throws HttpError `not_found` */
  writing(conversation: string): Promise<(reader: StreamReader) => AsyncGenerator<WritingEvent | null, void, undefined>>
  /** What customers think. */
  readonly feedback: Feedback
  /** What people do. */
  readonly desk: Desk
  /** The inbox. */
  readonly inbox: Inbox
  /** One conversation of the inbox. */
  activity(conversation: string, integration: Integration | null): Promise<ActivityView>
  /** Who writes in it. */
  customer(conversation: string): Promise<CustomerView>
  /** Everything that is kept of a conversation, in order. @throws HttpError `not_found` */
  exported(conversation: string): Promise<AsyncGenerator<OperatorRecord, void, undefined>>
  /** Erases a conversation, and proves it. It may be called again for the same one. */
  erase(conversation: string, by: { id: string; name: string }): Promise<void>
  /** Erases every conversation of an integration. */
  removeAll(integrationId: string): Promise<void>
  /** Takes up what an earlier process left unfinished. */
  recover(): Promise<void>
  close(graceMs: number): Promise<void>
}

/** How long clients may take to fetch the ends of their streams when the process ends, in milliseconds. */
const STREAMS_MS = 1_000

/** Makes the service of a log. */
export function createConversations(options: ConversationsOptions): Conversations {
  const { log, audit, now, files = null } = options
  const wakeups = createWakeups(log)
  const monotonic = () => performance.now()
  const inbox = createInbox(options)
  const overdue = createOverdueSweeper({ ...options, inbox })
  const turns = createTurns({ ...options, wakeups, owner: randomId(), monotonic })
  let closing = false
  let isEnding = false
  let openStreams = 0

  async function* counted<T>(items: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
    openStreams++
    try {
      yield* items
    } finally {
      openStreams--
    }
  }

  const stream = (
    conversation: string,
    conversationId: string,
    message: LogEntry<PublicValue>,
    from: number,
    replayed: boolean,
  ): Sent => ({
    turnId: message.value.turn?.id ?? '',
    replayed,
    events: (reader) =>
      counted(
        follow({
          ...{ log, wakeups, conversation, conversationId, message, from, replayed, monotonic },
          isEnding: () => isEnding,
          dropLater: turns.dropLater,
          ...reader,
        }),
      ),
  })

  /** Only approval has to be known beforehand, since it changes the events; who was taken over, the answer's turn finds out. */
  const modeFor = async (integration: Integration, conversation: string): Promise<TurnMode> => {
    if (integration.responder === null) return 'human'
    if (integration.responseMode !== 'approval') return 'auto'
    return (await readDesk(log, conversation)).approvedBy === null ? 'approval' : 'auto'
  }

  const attached: Attach = async (conversation, ids, key) => {
    if (ids.length === 0) return []
    if (files) return files.claim(conversation, ids, key)
    throw new HttpError(400, 'invalid_attachment', 'This server keeps no files.')
  }

  const messageOf = async (conversation: string, turnId: string) => {
    const found = await log.find<PublicValue>(conversation, turnKey(turnId))
    if (!found) throw new HttpError(404, 'not_found', 'There is no such answer in this conversation.')
    return found.entry
  }

  const mustExist = async (conversation: string) => {
    const { entries } = await log.before(conversation, 'public', null, 1)
    if (entries.length === 0) throw new HttpError(404, 'not_found', 'There is no such conversation.')
  }

  return {
    async send({ integration, text, clientMessageId, context, sender, attachments = [], ...input }) {
      if (closing) {
        throw new HttpError(503, 'shutting_down', 'The server is restarting. Try again.', { retryAfter: 1 })
      }
      const minted = input.conversationId === undefined ? mintConversation() : null
      const conversationId = minted?.conversationId ?? (input.conversationId as string)
      const conversation = conversationKey(integration.id, conversationId)
      const { message, replayed } = await receive(log, now, {
        conversation,
        text,
        turnId: minted?.turnId ?? newTurnId(),
        mode: await modeFor(integration, conversation),
        ...(clientMessageId && { clientMessageId }),
        ...(context && { context }),
        ...(sender && { sender }),
        ...(attachments.length > 0 && {
          attachments: await attached(conversation, attachments, await messageKey(clientMessageId, text, attachments)),
        }),
      })
      const turn = message.value.turn
      return {
        ...stream(conversation, conversationId, message, 0, replayed),
        begin() {
          if (turn && turn.mode !== 'human' && !replayed) turns.start({ conversation, turnId: turn.id })
        },
      }
    },

    hasMessage: async (integrationId, conversationId, clientMessageId) =>
      (await log.find(conversationKey(integrationId, conversationId), clientKey(clientMessageId))) !== null,

    async resume(integrationId, conversationId, turnId, n) {
      const conversation = conversationKey(integrationId, conversationId)
      const message = await messageOf(conversation, turnId)
      const total = await eventCount(log, conversation, message)
      if (n + 1 === total) return null
      const state = emptyTurn()
      if (total === null) await advance(log, conversation, turnId, state)
      // Nothing beyond the newest event has an id yet: whoever names one has it from somewhere else.
      if (n >= (total ?? state.deltas.length + 1)) {
        throw new HttpError(404, 'not_found', 'This answer has no such event.')
      }
      return stream(conversation, conversationId, message, n + 1, true)
    },

    async stop(integrationId, conversationId, turnId) {
      const conversation = conversationKey(integrationId, conversationId)
      const message = await messageOf(conversation, turnId)
      if (message.value.turn?.mode === 'human' || (await log.find(conversation, endKey(turnId)))) return
      await log.append(conversation, turnLane(turnId), { type: 'stop' }, { requires: turnKey(turnId) })
    },

    async askForPerson(integrationId, conversationId) {
      const state = await askForPerson(log, conversationKey(integrationId, conversationId))
      if (!state) throw new HttpError(404, 'not_found', 'There is no such conversation.')
    },

    history: (integrationId, conversationId, query) =>
      history({ ...options, wakeups }, conversationKey(integrationId, conversationId), conversationId, query),

    wake: wakeups.wake,

    async records(conversation, query) {
      await mustExist(conversation)
      return records(log, wakeups, conversation, query)
    },

    async writing(conversation) {
      await mustExist(conversation)
      const reading = { log, wakeups, conversation, now, monotonic, isEnding: () => isEnding }
      return (reader) => counted(followWriting({ ...reading, ...reader }))
    },

    feedback: createFeedback(log),
    mustExist,
    desk: createDesk(log, attached),

    inbox,
    activity: (conversation, integration) => viewActivity(log, conversation, integration),
    customer: (conversation) => viewCustomer(log, conversation),

    async exported(conversation) {
      await mustExist(conversation)
      return exported(log, wakeups, conversation)
    },
    erase: (conversation, by) => erase(log, files, audit, conversation, by),

    async removeAll(integrationId) {
      for (;;) {
        const page = await log.recent({ scope: integrationId, limit: 100 })
        for (const { conversation } of page.conversations) {
          await files?.erase(conversation)
          await log.remove(conversation)
        }
        if (page.conversations.length === 0) return files?.eraseScope(integrationId)
      }
    },

    recover: () => turns.recover(),
    async close(graceMs) {
      closing = true
      overdue.close()
      inbox.close()
      await turns.close(graceMs)
      // Streams that wait read what the turns came to, and then end.
      isEnding = true
      wakeups.wakeAll()
      for (const giveUpAt = monotonic() + STREAMS_MS; openStreams > 0 && monotonic() < giveUpAt;) {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      await turns.dropOld()
      wakeups.close()
    },
  }
}
