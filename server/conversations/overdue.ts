/** Drafts that nobody decides about in time: they go out by themselves, or an apology does. */
import type { Integration, Overdue } from '../access/integration.ts'
import type { Logger } from '../logger.ts'
import { createRounds } from '../rounds.ts'
import { isLogError } from '../storage/log.ts'
import type { ConversationLog, LogPage } from '../storage/log.ts'
import { isSilent, readDesk } from './desk-state.ts'
import { apologise, releaseDraft } from './drafts.ts'
import type { DraftEntry } from './drafts.ts'
import { isFromPerson } from './handover.ts'
import type { Inbox } from './inbox.ts'
import { endKey } from './keys.ts'
import type { PrivateValue, PublicValue } from './values.ts'

/** What looking for them takes. */
export interface OverdueOptions {
  log: ConversationLog
  logger: Logger
  /** The wall clock, in milliseconds. */
  now: () => number
  inbox: Pick<Inbox, 'page'>
  /** All integrations, as they are set now. */
  integrations: () => Pick<Integration, 'id' | 'overdue'>[]
  /** How often drafts are looked for, in milliseconds. @default 5_000 */
  sweepMs?: number
}

/** What looks for them. */
export interface OverdueSweeper {
  close(): void
}

/** What is said where the integration has no words of its own. */
export const defaultApology = 'Sorry, this takes longer than usual. Somebody will answer you here.'

/** Conversations remembered. */
const most = 10_000

/**
 * Looks for them every now and then, on every replica: no timer is lost with its process. What is done is one append each,
 * under a key and at a place that whoever else decides would have taken, so it is done once, or not at all.
 */
export function createOverdueSweeper(options: OverdueOptions): OverdueSweeper {
  const { log, logger, now, inbox, integrations, sweepMs = 5_000 } = options
  /** Until when there is nothing to do in a conversation, as long as nothing happens there. It saves looks, and decides nothing. */
  const known = new Map<string, { version: string; until: number }>()

  const sweep = async () => {
    for (const { id, overdue } of integrations()) {
      if (!overdue) continue
      for (const { conversation, version } of await draftsOf(id, overdue)) {
        if (rounds.isClosed) return
        const last = known.get(conversation)
        if (last?.version === version && now() < last.until) continue
        if (known.size >= most) known.clear()
        known.set(conversation, { version, until: await settle(conversation, overdue) })
      }
    }
  }

  /** The conversations with drafts, those first that have waited longest. */
  const draftsOf = async (integrationId: string, overdue: Overdue) => {
    const found: { conversation: string; version: string }[] = []
    for (let cursor: string | null | undefined; cursor !== null && !rounds.isClosed;) {
      const part = { integrationId, state: 'draft', operatorId: '', limit: 100 } as const
      const page = await inbox.page({ ...part, ...(cursor && { cursor }) })
      for (const { conversation, updatedAt } of page.conversations)
        found.unshift({ conversation, version: `${updatedAt} ${JSON.stringify(overdue)}` })
      cursor = page.cursor
    }
    return found
  }

  /** Does what is due. Returns when there is something to do again; Infinity: not before something happens. */
  const settle = async (conversation: string, { afterMinutes, action, text = defaultApology }: Overdue) => {
    try {
      for (;;) {
        const { drafts, isApologised, length } = await waiting(log, conversation)
        const [draft] = drafts
        // Whoever has taken over, or was asked for, is to speak next.
        if (!draft || isSilent(await readDesk(log, conversation))) return Infinity
        const due = Date.parse(draft.createdAt) + afterMinutes * 60_000
        if (now() < due) return due
        if (action === 'release') await releaseDraft(log, conversation, draft, length)
        else if (isApologised) return Infinity
        else await apologise(log, conversation, draft, length, text)
      }
    } catch (error) {
      // Erased meanwhile.
      if (isLogError(error, 'gone')) return Infinity
      throw error
    }
  }

  const rounds = createRounds({
    work: sweep,
    everyMs: sweepMs,
    onError: (error) => logger.warn('drafts: could not look for overdue ones, trying again', { error }),
  })
  return { close: () => void rounds.close() }
}

/** What waits since a person has spoken last: nobody wants an answer to be followed by an older one. */
interface Waiting {
  /** Oldest first. */
  drafts: DraftEntry[]
  isApologised: boolean
  /** How many messages there are. */
  length: number
}

async function waiting(log: ConversationLog, conversation: string): Promise<Waiting> {
  const found: Waiting = { drafts: [], isApologised: false, length: 0 }
  for (let cursor: string | null = null, hasMore = true; hasMore;) {
    const page: LogPage<PublicValue> = await log.before<PublicValue>(conversation, 'public', cursor, 20)
    for (const { position, value } of page.entries.toReversed()) {
      found.length ||= position + 1
      if (isFromPerson(value)) return found
      found.isApologised ||= value.apology !== undefined
      if (value.turn?.mode !== 'approval') continue
      const end = await log.find<PublicValue | PrivateValue>(conversation, endKey(value.turn.id))
      // Drafts go out oldest first: there is none before one that did.
      if (end?.lane === 'public') return found
      if (end?.entry.value.type === 'draft') found.drafts.unshift(end.entry as DraftEntry)
    }
    cursor = page.entries[0]?.id ?? null
    hasMore = page.hasMore && cursor !== null
  }
  return found
}
