/** The audit trail: who did what, as long as the storage lives. It holds no secret, no text and no customer's name. */
import type { ConversationLog, LogEntry } from '../storage/log.ts'

/** What is written down. */
export type AuditAction =
  | 'owner-created'
  | 'logged-in'
  | 'log-in-failed'
  | 'logged-out-everywhere'
  | 'password-changed'
  | 'invitation-created'
  | 'invitation-used'
  | 'invitation-revoked'
  | 'operator-renamed'
  | 'role-changed'
  | 'operator-removed'
  | 'integration-created'
  | 'integration-changed'
  | 'integration-removed'
  | 'token-created'
  | 'token-revoked'
  | 'identity-secret-rotated'
  | 'webhook-created'
  | 'webhook-changed'
  | 'webhook-removed'
  | 'webhook-secret-rotated'
  | 'draft-approved'
  | 'draft-rejected'
  | 'conversation-exported'
  | 'conversation-erased'
  | 'conversation-expired'

/** What else a line says. */
export interface AuditFacts {
  integrationId?: string
  draftId?: string
  /** The role that somebody got, or was invited to. */
  role?: string
  /** What somebody is called since. */
  name?: string
  /** The names of what was changed. */
  fields?: string[]
}

/** A line as it is stored. */
export interface AuditEntry extends AuditFacts {
  action: AuditAction
  /** The name of whoever did it; null: somebody who failed to say who they are. */
  by: string | null
  /** Their account's id. */
  byId: string | null
  /**
   * The id of what it was done to. A conversation is named by the SHA-256 of its key, base64url: whoever knows the id can
   * look its erasure up, and nobody else learns it.
   */
  target: string | null
}

/** Whoever does something. */
export interface Signer {
  id: string
  name: string
}

/** A line about what somebody does. @param target the id of what it is done to */
export const lineOf = (
  by: Signer | null,
  action: AuditAction,
  target: string | null,
  facts: AuditFacts = {},
): AuditEntry => ({ action, by: by?.name ?? null, byId: by?.id ?? null, target, ...facts })

/** A page of the trail, newest first. */
export interface AuditPage {
  entries: (AuditEntry & { id: string; at: string })[]
  /** Pass it on to get the next page; null at the end. */
  cursor: string | null
}

/** The trail of a server. */
export interface Audit {
  /**
   * Writes a line. It is called after the deed and before its answer: what was answered was written down. What changes a
   * ledger needs no such call, its lines are part of the change.
   * @param by who did it
   * @param target the id of what it was done to
   * @param once names the deed: a second line of this name is not written
   * @throws LogError where storage is away
   */
  note(
    by: Signer | null,
    action: AuditAction,
    target: string | null,
    more?: AuditFacts & { once?: string },
  ): Promise<void>
  /** Writes a line that was made before. @throws LogError where storage is away */
  write(line: AuditEntry, once?: string): Promise<void>
  /** Reads a page. @throws LogError `cursor_not_found` and others */
  page(cursor: string | null, limit: number): Promise<AuditPage>
}

/** The system's conversation that holds the trail. */
const trail = '~audit'

/** Makes the trail of a log. */
export function createAudit(log: ConversationLog): Audit {
  const write: Audit['write'] = async (line, once) => {
    await log.append(trail, 'private', line, once === undefined ? {} : { keys: [once] })
  }
  return {
    write,
    note: (by, action, target, { once, ...facts } = {}) => write(lineOf(by, action, target, facts), once),

    async page(cursor, limit) {
      const page = await log.before<AuditEntry>(trail, 'private', cursor, limit)
      const view = ({ id, createdAt, value }: LogEntry<AuditEntry>) => ({ id, at: createdAt, ...value })
      const entries = page.entries.map(view).toReversed()
      return { entries, cursor: page.hasMore ? (entries.at(-1)?.id ?? null) : null }
    },
  }
}
