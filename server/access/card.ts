/** An integration as operators see it. */
import type { Integration, IntegrationToken } from './integration.ts'

/** A token on a card; `value` only where the token is public. */
export type TokenCard = Omit<IntegrationToken, 'hash'>

/** The account card: everything but hashes and secrets. */
export interface IntegrationCard extends Omit<Integration, 'tokens' | 'identitySecrets'> {
  tokens: TokenCard[]
  /** What its owner should think about before going live, in sentences. */
  warnings: string[]
}

/** The card of an integration. */
export function toCard(integration: Integration): IntegrationCard {
  const { tokens, identitySecrets: _, ...rest } = integration
  return {
    ...rest,
    tokens: tokens.map(({ hash: _, ...token }) => token),
    warnings: warningsAbout(integration),
  }
}

/** The script tag that puts the widget into a page. */
export function scriptTag(publicUrl: string, token: string): string {
  const src = `${publicUrl.replace(/\/+$/, '')}/widget.js`
  return `<script\n  src="${escape(src)}"\n  data-integration-token="${escape(token)}"\n></script>`
}

function warningsAbout({ kind, allowedDomains, allowUnsignedIds, requireIdentity }: Integration): string[] {
  const warnings: string[] = []
  if (kind === 'widget' && allowedDomains.length === 0) {
    warnings.push('Every website may use this integration. List your hosts in allowedDomains before going live.')
  }
  if (allowedDomains.includes('null')) {
    warnings.push('`null` lets in every sandboxed frame and local file, whoever made it.')
  }
  if (kind === 'widget' && allowUnsignedIds && !requireIdentity) {
    warnings.push(
      'Unsigned ids are allowed: whoever guesses a conversation id can read and continue that conversation.',
    )
  }
  return warnings
}

const entities: Record<string, string> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' }
const escape = (text: string): string => text.replace(/[&"<>]/g, (char) => entities[char] as string)
