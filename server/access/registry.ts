/** The integrations of this server and its operator key, in memory, stored as a ledger. */
import { HttpError } from '../errors.ts'
import { lineOf } from './audit.ts'
import type { AuditAction, AuditEntry, AuditFacts, Signer } from './audit.ts'
import { checkedPatch, withoutToken, withSecret, withToken } from './changes.ts'
import type { IdentitySecret, Integration } from './integration.ts'
import { createLedger } from './ledger.ts'
import { cryptoRandom, randomAlphanumeric, randomBase64Url, sha256 } from '../random.ts'
import type { Registry, RegistryOptions } from './registry-contract.ts'
import { createTokenIndex } from './token-index.ts'
import { mintToken } from './tokens.ts'

export type { IntegrationInput, IntegrationPatch } from './integration.ts'
export type { CreatedToken, Registry, RegistryOptions, ResolvedToken } from './registry-contract.ts'

type RegistryEntry =
  | { type: 'integration'; integration: Integration }
  | { type: 'deleted'; id: string }
  | { type: 'operator-key'; hash: string }

/** Opens the registry that a log holds. */
export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  const { log, responders, now = Date.now, random = cryptoRandom } = options
  const integrations = new Map<string, Integration>()
  const removed = new Set<string>()
  const tokens = createTokenIndex()
  const listeners = new Set<(integrationId: string) => void>()
  const changed = new Set<string>()
  let operatorKeyHash: string | null = null

  function put(id: string, integration: Integration | null): void {
    tokens.replace(integrations.get(id) ?? null, integration)
    integrations.delete(id)
    if (integration) integrations.set(id, integration)
    else removed.add(id)
    // Told afterwards, and once: while the ledger is told again from its start, integrations are gone for a moment.
    if (changed.size === 0) queueMicrotask(announce)
    changed.add(id)
  }

  function announce(): void {
    const ids = [...changed]
    changed.clear()
    for (const id of ids) for (const listener of listeners) listener(id)
  }

  const ledger = await createLedger<RegistryEntry>({
    log,
    conversation: '~registry',
    apply(entry) {
      if (entry.type === 'integration') put(entry.integration.id, entry.integration)
      else if (entry.type === 'deleted') put(entry.id, null)
      else if (entry.type === 'operator-key') operatorKeyHash = entry.hash
    },
    reset() {
      for (const id of [...integrations.keys()]) put(id, null)
      removed.clear()
      operatorKeyHash = null
    },
  })

  const timestamp = (): string => new Date(now()).toISOString()

  function existing(id: string): Integration {
    const integration = integrations.get(id)
    if (!integration) throw new HttpError(404, 'not_found', 'There is no such integration.')
    return integration
  }

  /** Stores what `change` makes of the present integration, and returns that. */
  async function rewrite(
    id: string,
    change: (before: Integration) => Partial<Integration>,
    lines: AuditEntry[],
  ): Promise<Integration> {
    let integration = existing(id)
    await ledger.commit(() => {
      const before = existing(id)
      integration = { ...before, ...change(before), updatedAt: timestamp() }
      return { type: 'integration', integration }
    }, lines)
    return integration
  }

  const newSecret = (): IdentitySecret => ({ secret: `lis_${randomBase64Url(32, random)}`, createdAt: timestamp() })

  return {
    list: () => [...integrations.values()],
    get: (id) => integrations.get(id) ?? null,
    wasRemoved: (id) => removed.has(id),

    resolve: tokens.resolve,

    isLive: (integrationId, tokenId) =>
      integrations.get(integrationId)?.tokens.some(({ id }) => id === tokenId) ?? false,

    async create(input, by) {
      const { kind, ...patch } = input
      const createdAt = timestamp()
      const { stored, value } = await mintToken(kind, createdAt, random)
      const integration: Integration = {
        id: `int_${randomAlphanumeric(16, random)}`,
        name: input.name,
        kind,
        allowedDomains: [],
        responder: responders.default,
        responseMode: 'auto',
        allowUnsignedIds: false,
        requireIdentity: false,
        answersPerDay: null,
        retentionDays: null,
        widget: {},
        ...checkedPatch(patch, responders.names),
        tokens: [stored],
        identitySecrets: kind === 'widget' ? [newSecret()] : [],
        createdAt,
        updatedAt: createdAt,
      }
      await ledger.commit(
        () => ({ type: 'integration', integration }),
        signed(by, 'integration-created', integration.id),
      )
      return { integration, tokenId: stored.id, token: value }
    },

    async update(id, patch, by) {
      const changes = checkedPatch(patch, responders.names)
      return rewrite(id, () => changes, signed(by, 'integration-changed', id, { fields: Object.keys(changes) }))
    },

    async remove(id, by) {
      existing(id)
      // It may be gone by now: an earlier try may have been stored without anybody hearing so.
      await ledger.commit(
        () => (integrations.has(id) ? { type: 'deleted', id } : null),
        signed(by, 'integration-removed', id),
      )
    },

    async addToken(id, by) {
      const { stored, value } = await mintToken(existing(id).kind, timestamp(), random)
      const integration = await rewrite(
        id,
        (before) => withToken(before, stored),
        signed(by, 'token-created', stored.id, { integrationId: id }),
      )
      return { integration, tokenId: stored.id, token: value }
    },

    revokeToken: (id, tokenId, by) =>
      rewrite(
        id,
        (before) => withoutToken(before, tokenId),
        signed(by, 'token-revoked', tokenId, { integrationId: id }),
      ),

    async rotateIdentitySecret(id, overlapSeconds, by) {
      const secret = newSecret()
      const integration = await rewrite(
        id,
        (before) => withSecret(before, secret, overlapSeconds, now()),
        signed(by, 'identity-secret-rotated', id),
      )
      return { integration, secret: secret.secret }
    },

    hasOperatorKey: () => operatorKeyHash !== null,

    // Comparing hashes leaks nothing useful: whoever measures the time cannot choose the hash.
    checkOperatorKey: async (key) => key !== '' && operatorKeyHash !== null && (await sha256(key)) === operatorKeyHash,

    async setOperatorKey(key, { ifAbsent = false } = {}) {
      if (key === '') throw new TypeError('The operator key may not be empty.')
      const hash = await sha256(key)
      await ledger.commit(() =>
        operatorKeyHash === hash || (ifAbsent && operatorKeyHash !== null) ? null : { type: 'operator-key', hash },
      )
      return operatorKeyHash === hash
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

/** What the trail is told; nothing of what a server does by itself. */
const signed = (by: Signer | undefined, action: AuditAction, target: string, facts?: AuditFacts): AuditEntry[] =>
  by ? [lineOf(by, action, target, facts)] : []
