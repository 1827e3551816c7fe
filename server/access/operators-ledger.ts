/** Accounts and invitations as they are stored: one ledger, so that an invitation becomes an account in one step. */
import { HttpError } from '../errors.ts'
import type { ConversationLog } from '../storage/log.ts'
import type { AuditEntry } from './audit.ts'
import { createLedger } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { foldName, keyHolder } from './operators-checks.ts'
import type { Invitation, OperatorAccount } from './operators-checks.ts'

/** What is stored. */
export type OperatorsEntry =
  /** With `invitationId`, the invitation is used up by it: both or neither. */
  | { type: 'operator'; operator: OperatorAccount; invitationId?: string }
  | { type: 'operator-removed'; id: string }
  | { type: 'invitation'; invitation: Invitation }
  | { type: 'invitation-removed'; id: string }

/** The ledger, folded. */
export interface OperatorsLedger {
  accounts: ReadonlyMap<string, OperatorAccount>
  hasOwner(): boolean
  /** @throws HttpError 404 `not_found` */
  existing(id: string): OperatorAccount
  /** The account of a name, however it is spelled. */
  named(name: string): OperatorAccount | null
  /** Whether an invitation was made and neither used nor revoked. */
  isInvitation(id: string): boolean
  /** Invitations that may be used now, oldest first. */
  invitations(): Invitation[]
  commit: Ledger<OperatorsEntry>['commit']
  /** Stores what `change` makes of the present account, and returns that. @throws HttpError 404 `not_found` */
  rewrite(
    id: string,
    change: (before: OperatorAccount) => Partial<OperatorAccount>,
    lines?: AuditEntry[],
  ): Promise<OperatorAccount>
  /** Hears of every change, by whatever process. Returns what ends it. */
  onChange(listener: () => void): () => void
  close(): void
}

/** Opens the ledger. @param now milliseconds since 1970 */
export async function openOperatorsLedger(log: ConversationLog, now: () => number): Promise<OperatorsLedger> {
  const accounts = new Map<string, OperatorAccount>()
  /** Ids by folded name: looking one up takes as long whether somebody has it or not. */
  const byName = new Map<string, string>()
  const invited = new Map<string, Invitation>()
  const listeners = new Set<() => void>()

  function put(id: string, account: OperatorAccount | null): void {
    byName.delete(foldName(accounts.get(id)?.name ?? ''))
    if (!account) return void accounts.delete(id)
    accounts.set(id, account)
    byName.set(foldName(account.name), id)
  }

  const ledger = await createLedger<OperatorsEntry>({
    log,
    conversation: '~operators',
    apply(entry) {
      if (entry.type === 'operator') {
        put(entry.operator.id, entry.operator)
        invited.delete(entry.invitationId ?? '')
      } else if (entry.type === 'operator-removed') put(entry.id, null)
      else if (entry.type === 'invitation') invited.set(entry.invitation.id, entry.invitation)
      else if (entry.type === 'invitation-removed') invited.delete(entry.id)
      // Told afterwards: while the ledger is told again from its start, accounts are gone for a moment.
      queueMicrotask(() => listeners.forEach((listener) => listener()))
    },
    reset() {
      accounts.clear()
      byName.clear()
      invited.clear()
    },
  })

  function existing(id: string): OperatorAccount {
    const account = accounts.get(id)
    if (!account) throw new HttpError(404, 'not_found', 'There is no such operator.')
    return account
  }

  /** What an owner promised counts as long as they are one. */
  const isOpen = ({ by, expiresAt }: Invitation): boolean =>
    Date.parse(expiresAt) > now() && (by === keyHolder.id || accounts.get(by)?.role === 'owner')

  return {
    accounts,
    hasOwner: () => [...accounts.values()].some(({ role }) => role === 'owner'),
    existing,
    named: (name) => accounts.get(byName.get(foldName(name)) ?? '') ?? null,
    isInvitation: (id) => invited.has(id),
    invitations: () => [...invited.values()].filter(isOpen),
    commit: ledger.commit,
    async rewrite(id, change, lines) {
      let operator = existing(id)
      await ledger.commit(() => {
        const before = existing(id)
        operator = { ...before, ...change(before) }
        return { type: 'operator', operator }
      }, lines)
      return operator
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close() {
      listeners.clear()
      ledger.close()
    },
  }
}
