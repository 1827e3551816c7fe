/** What a registry is: the integrations of a server and its operator key. */
import type { ConversationLog } from '../storage/log.ts'
import type { RandomSource } from '../random.ts'
import type { Signer } from './audit.ts'
import type { Integration, IntegrationInput, IntegrationPatch } from './integration.ts'

/** Options of `createRegistry`. */
export interface RegistryOptions {
  log: ConversationLog
  /** The configured responders, and which of them an integration gets that names none. */
  responders: { names: readonly string[]; default: string | null }
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number
  /** Where tokens and secrets come from. @default crypto.getRandomValues */
  random?: RandomSource
}

/** A token that was recognised. */
export interface ResolvedToken {
  integration: Integration
  tokenId: string
}

/** A token that was just made. `token` is its clear text; an `api` token can never be read again. */
export interface CreatedToken extends ResolvedToken {
  token: string
}

/** Integrations it returns are never changed in place: each change makes a new one. `by` is who the audit trail names. */
export interface Registry {
  list(): Integration[]
  get(id: string): Integration | null
  /** Whether an integration of this id existed and was removed. */
  wasRemoved(id: string): boolean
  /** The integration a token belongs to; null when it is unknown. Never asks the storage. */
  resolve(token: string): Promise<ResolvedToken | null>
  /** Whether a token that was resolved once still counts. */
  isLive(integrationId: string, tokenId: string): boolean
  /** @throws HttpError 422 `invalid_domain`, 400 `invalid_request` */
  create(input: IntegrationInput, by?: Signer): Promise<CreatedToken>
  /** @throws HttpError 404 `not_found`, 422 `invalid_domain`, 400 `invalid_request` */
  update(id: string, patch: IntegrationPatch, by?: Signer): Promise<Integration>
  /** @throws HttpError 404 `not_found` */
  remove(id: string, by?: Signer): Promise<void>
  /** @throws HttpError 404 `not_found`, 409 `conflict` */
  addToken(id: string, by?: Signer): Promise<CreatedToken>
  /** @throws HttpError 404 `not_found` */
  revokeToken(id: string, tokenId: string, by?: Signer): Promise<Integration>
  /**
   * Makes a new identity secret; older ones count for `overlapSeconds` more.
   * @throws HttpError 404 `not_found`, 409 `conflict`, 400 `invalid_request` for an `api` integration
   */
  rotateIdentitySecret(
    id: string,
    overlapSeconds: number,
    by?: Signer,
  ): Promise<{ integration: Integration; secret: string }>
  hasOperatorKey(): boolean
  /** Whether this is the operator key. */
  checkOperatorKey(key: string): Promise<boolean>
  /**
   * Makes this the operator key; it is kept hashed. With `ifAbsent`, only when there is none yet.
   * @returns whether it is the operator key now
   */
  setOperatorKey(key: string, options?: { ifAbsent?: boolean }): Promise<boolean>
  /** Hears of every integration that was added, changed or removed, by whatever process. Returns what ends it. */
  onChange(listener: (integrationId: string) => void): () => void
  /** Stops following the log. The log itself stays open. */
  close(): void
}
