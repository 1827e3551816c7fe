/** The people who may use `/api`: their names, roles and passwords, in memory, stored as a ledger. */
import { HttpError } from '../errors.ts'
import { cryptoRandom, randomAlphanumeric, randomBase64Url } from '../random.ts'
import type { RandomSource } from '../random.ts'
import type { ConversationLog } from '../storage/log.ts'
import { lineOf } from './audit.ts'
import type { Signer } from './audit.ts'
import { checkName, checkOwnerLeft } from './operators-checks.ts'
import type { OperatorAccount, OperatorRole } from './operators-checks.ts'
import { createInvitations } from './operators-invitations.ts'
import type { Credentials, Invitations } from './operators-invitations.ts'
import { openOperatorsLedger } from './operators-ledger.ts'
import type { Passwords } from './passwords.ts'

export type { Invitation, OperatorAccount, OperatorRole } from './operators-checks.ts'

/** Options of `createOperators`. */
export interface OperatorsOptions {
  log: ConversationLog
  passwords: Passwords
  /** Milliseconds since 1970. */
  now: () => number
  /** Where ids and secrets come from. @default crypto.getRandomValues */
  random?: RandomSource
}

/** The accounts. Those it returns are never changed in place. All that write throw LogError where storage is away. */
export interface Operators {
  list(): OperatorAccount[]
  get(id: string): OperatorAccount | null
  hasOwner(): boolean
  /** The account of a name, however it is spelled. */
  named(name: string): OperatorAccount | null
  /** Whose name and password these are; null: nobody's, after as much work as for somebody's. */
  authenticate(given: Credentials): Promise<OperatorAccount | null>
  /** @throws HttpError 409 `owner_exists` `name_taken` */
  createOwner(given: Credentials): Promise<OperatorAccount>
  /** @throws HttpError 404 `not_found`, 409 `name_taken` `last_owner` */
  update(
    id: string,
    patch: { name?: string | undefined; role?: OperatorRole | undefined },
    by: Signer,
  ): Promise<OperatorAccount>
  /** @throws HttpError 404 `not_found`, 409 `last_owner` */
  remove(id: string, by: Signer): Promise<void>
  /** Sets another password and ends all sessions. @throws HttpError 403 `wrong_password`, 404, 409 `conflict` */
  changePassword(id: string, current: string, next: string): Promise<OperatorAccount>
  /** Ends all sessions of somebody. @throws HttpError 404 `not_found` */
  endSessions(id: string): Promise<void>
  readonly invitations: Invitations
  /** Hears of every change, by whatever process. Returns what ends it. */
  onChange(listener: () => void): () => void
  /** Stops following the log. The log itself stays open. */
  close(): void
}

/** Opens the accounts that a log holds. */
export async function createOperators(options: OperatorsOptions): Promise<Operators> {
  const { log, passwords, now, random = cryptoRandom } = options
  const ledger = await openOperatorsLedger(log, now)
  const { accounts, existing, rewrite, hasOwner, named } = ledger
  let nobodys: Promise<string> | undefined

  /** A stored password that is nobody's, to compare with where there is no account. */
  const nobodysPassword = (): Promise<string> =>
    (nobodys ??= passwords.hash(randomBase64Url(18, random)).catch((error: unknown) => {
      nobodys = undefined
      throw error
    }))

  const newAccount = async ({ name, password }: Credentials, role: OperatorRole): Promise<OperatorAccount> => ({
    id: `op_${randomAlphanumeric(16, random)}`,
    name,
    role,
    password: await passwords.hash(password),
    generation: 0,
    createdAt: new Date(now()).toISOString(),
  })

  return {
    list: () => [...accounts.values()],
    get: (id) => accounts.get(id) ?? null,
    hasOwner,
    named,

    async authenticate({ name, password }) {
      const other = await nobodysPassword()
      const account = named(name)
      const isRight = await passwords.verify(password, account?.password ?? other)
      if (!account || !isRight) return null
      if (!passwords.isWeak(account.password)) return account
      const stronger = await passwords.hash(password)
      return rewrite(account.id, (before) => (before.password === account.password ? { password: stronger } : {}))
    },

    async createOwner(given) {
      const check = () => {
        if (hasOwner()) throw new HttpError(409, 'owner_exists', 'There is an owner already. Ask them to invite you.')
        checkName(accounts.values(), given.name)
      }
      check()
      const operator = await newAccount(given, 'owner')
      await ledger.commit(() => {
        check()
        return { type: 'operator', operator }
      }, [lineOf(operator, 'owner-created', operator.id)])
      return operator
    },

    update(id, { name, role }, by) {
      const lines = [
        ...(name === undefined ? [] : [lineOf(by, 'operator-renamed', id, { name })]),
        ...(role === undefined ? [] : [lineOf(by, 'role-changed', id, { role })]),
      ]
      const change = () => {
        if (name !== undefined) checkName(accounts.values(), name, id)
        if (role === 'operator') checkOwnerLeft(accounts.values(), id)
        return { ...(name !== undefined && { name }), ...(role && { role }) }
      }
      return rewrite(id, change, lines)
    },

    async remove(id, by) {
      existing(id)
      await ledger.commit(() => {
        // It may be gone by now: an earlier try may have been stored without anybody hearing so.
        if (!accounts.has(id)) return null
        checkOwnerLeft(accounts.values(), id)
        return { type: 'operator-removed', id }
      }, [lineOf(by, 'operator-removed', id)])
    },

    async changePassword(id, current, next) {
      const account = existing(id)
      const known = account.password
      if (!(await passwords.verify(current, known))) {
        throw new HttpError(403, 'wrong_password', 'That is not your present password.')
      }
      const password = await passwords.hash(next)
      const change = (before: OperatorAccount) => {
        if (before.password === known) return { password, generation: before.generation + 1 }
        throw new HttpError(409, 'conflict', 'Your password was changed a moment ago. Log in again.')
      }
      return rewrite(id, change, [lineOf(account, 'password-changed', id)])
    },

    async endSessions(id) {
      const line = lineOf(existing(id), 'logged-out-everywhere', id)
      await rewrite(id, ({ generation }) => ({ generation: generation + 1 }), [line])
    },

    invitations: createInvitations({ ledger, newAccount, now, random }),
    onChange: ledger.onChange,
    close: ledger.close,
  }
}
