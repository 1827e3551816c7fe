/** The rules of accounts: pure, so that they can be asked again when another writer came first. */
import { codePoints } from '../../protocol.ts'
import { HttpError } from '../errors.ts'

/** `owner` may do everything; `operator` answers conversations. */
export type OperatorRole = 'owner' | 'operator'

/** An account as it is stored. */
export interface OperatorAccount {
  /** `op_` and random characters. */
  id: string
  name: string
  role: OperatorRole
  /** As `Passwords` keeps it. */
  password: string
  /** Sessions of an earlier generation are over. */
  generation: number
  /** RFC 3339. */
  createdAt: string
}

/** A place for somebody who has no account yet, as it is stored. */
export interface Invitation {
  /** `inv_` and random characters. */
  id: string
  role: OperatorRole
  /** SHA-256 of the secret in the link, base64url. */
  hash: string
  /** The id of the owner who made it. */
  by: string
  /** RFC 3339. */
  createdAt: string
  expiresAt: string
}

/** Whoever comes with the operator key. */
export const keyHolder = { id: 'operator-key', name: 'Operator', role: 'owner' } as const

const mostOperators = 1_000
const mostInvitations = 100

/** What turns the reading order around, ends a line, or is no character at all. */
const forbidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** What two names have in common that look or read alike: spelling, case, and what cannot be seen are left out. */
export function foldName(name: string): string {
  const plain = name.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '')
  // By way of upper case, which is where ß and ss, σ and ς meet.
  return plain.toUpperCase().toLowerCase().normalize('NFKC').replace(/\s+/g, ' ').trim()
}

/** Whether people may be called so: 1 to 60 characters, none of which misleads. */
export const isOperatorName = (name: string): boolean =>
  codePoints(name) <= 60 && !forbidden.test(name) && foldName(name) !== ''

/** Whether a password may be set: 10 to 256 characters. */
export const isNewPassword = (password: string): boolean => codePoints(password) >= 10 && codePoints(password) <= 256

/** @throws HttpError 409 `name_taken` */
export function checkName(accounts: Iterable<OperatorAccount>, name: string, own?: string): void {
  const folded = foldName(name)
  const isTaken = [...accounts].some((account) => account.id !== own && foldName(account.name) === folded)
  // The audit trail tells by name who did what; the operator key has one, too.
  if (isTaken || folded === foldName(keyHolder.name)) {
    throw new HttpError(409, 'name_taken', 'Somebody has this name already. Choose another one.')
  }
}

/** @throws HttpError 409 `conflict` */
export function checkRoom(accounts: number, invitations: number): void {
  if (accounts >= mostOperators) throw new HttpError(409, 'conflict', `There are ${mostOperators} operators at most.`)
  if (invitations >= mostInvitations) {
    throw new HttpError(409, 'conflict', `There are ${mostInvitations} invitations at most. Revoke one first.`)
  }
}

/** Somebody has to be left who may do everything. @throws HttpError 409 `last_owner` */
export function checkOwnerLeft(accounts: Iterable<OperatorAccount>, without: string): void {
  if ([...accounts].some(({ id, role }) => role === 'owner' && id !== without)) return
  throw new HttpError(409, 'last_owner', 'This is the last owner. Make somebody else an owner first.')
}
