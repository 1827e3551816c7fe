/** Invitations: links that make an account, once. */
import { HttpError } from '../errors.ts'
import { randomAlphanumeric, randomBase64Url, sha256 } from '../random.ts'
import type { RandomSource } from '../random.ts'
import { lineOf } from './audit.ts'
import type { Signer } from './audit.ts'
import { checkName, checkRoom } from './operators-checks.ts'
import type { Invitation, OperatorAccount, OperatorRole } from './operators-checks.ts'
import type { OperatorsLedger } from './operators-ledger.ts'

/** The invitations of a server. All that write throw LogError where storage is away. */
export interface Invitations {
  /** Those that may still be used, oldest first. */
  list(): Invitation[]
  /**
   * Invites somebody; the secret is nowhere else.
   * @param by the owner who asks
   * @throws HttpError 409 `conflict`
   */
  create(role: OperatorRole, by: Signer): Promise<{ invitation: Invitation; secret: string }>
  /** Makes an account of it. @throws HttpError 403 `invalid_invitation`, 409 `name_taken` `conflict` */
  use(secret: string, given: Credentials): Promise<{ operator: OperatorAccount; invitation: Invitation }>
  /** @throws HttpError 404 `not_found` */
  revoke(id: string, by: Signer): Promise<void>
}

/** What somebody enters who makes an account. */
export interface Credentials {
  name: string
  password: string
}

/** What invitations are made with. */
export interface InvitationsOptions {
  ledger: OperatorsLedger
  newAccount: (given: Credentials, role: OperatorRole) => Promise<OperatorAccount>
  now: () => number
  random: RandomSource
}

const lifeMs = 72 * 3_600_000

/** Makes the invitations of a ledger. */
export function createInvitations({ ledger, newAccount, now, random }: InvitationsOptions): Invitations {
  return {
    list: ledger.invitations,

    async create(role, by) {
      const secret = randomBase64Url(32, random)
      const invitation: Invitation = {
        id: `inv_${randomAlphanumeric(16, random)}`,
        role,
        hash: await sha256(secret),
        by: by.id,
        createdAt: new Date(now()).toISOString(),
        expiresAt: new Date(now() + lifeMs).toISOString(),
      }
      await ledger.commit(() => {
        checkRoom(0, ledger.invitations().length)
        return { type: 'invitation', invitation }
      }, [lineOf(by, 'invitation-created', invitation.id, { role })])
      return { invitation, secret }
    },

    async use(secret, given) {
      const hash = await sha256(secret)
      const check = (): Invitation => {
        const invitation = ledger.invitations().find((each) => each.hash === hash)
        if (!invitation) {
          const message = 'This invitation was used, revoked, or is too old. Ask for another one.'
          throw new HttpError(403, 'invalid_invitation', message)
        }
        checkRoom(ledger.accounts.size, 0)
        checkName(ledger.accounts.values(), given.name)
        return invitation
      }
      const invitation = check()
      const { id: invitationId, role } = invitation
      const operator = await newAccount(given, role)
      const line = lineOf(operator, 'invitation-used', invitationId, { role })
      await ledger.commit(() => {
        // Of two who use it at once one comes first, and the other is asked again, and refused.
        check()
        return { type: 'operator', operator, invitationId }
      }, [line])
      return { operator, invitation }
    },

    revoke: (id, by) =>
      ledger.commit(() => {
        if (!ledger.isInvitation(id)) throw new HttpError(404, 'not_found', 'There is no such invitation.')
        return { type: 'invitation-removed', id }
      }, [lineOf(by, 'invitation-revoked', id)]),
  }
}
