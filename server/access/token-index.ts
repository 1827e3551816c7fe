/** Which integration a token belongs to, in memory. */
import { sha256 } from '../random.ts'
import type { Integration } from './integration.ts'
import type { ResolvedToken } from './registry-contract.ts'
import { isToken } from './tokens.ts'

/** The tokens of all integrations. */
export interface TokenIndex {
  /** Puts an integration in the place of what it was before; null: there was, or is, none. */
  replace(before: Integration | null, after: Integration | null): void
  /** The integration a token belongs to; null when it is unknown. */
  resolve(token: string): Promise<ResolvedToken | null>
}

/** Makes an empty index. */
export function createTokenIndex(): TokenIndex {
  const byHash = new Map<string, ResolvedToken>()
  /** Tokens seen lately, so that a poll costs no hashing. Emptied by every change. */
  const seen = new Map<string, ResolvedToken>()

  return {
    replace(before, integration) {
      for (const { hash } of before?.tokens ?? []) byHash.delete(hash)
      seen.clear()
      for (const token of integration?.tokens ?? [])
        if (integration) byHash.set(token.hash, { integration, tokenId: token.id })
    },

    async resolve(token) {
      const known = seen.get(token)
      if (known) return known
      if (!isToken(token)) return null
      const found = byHash.get(await sha256(token)) ?? null
      if (found) seen.set(token, found)
      return found
    },
  }
}
