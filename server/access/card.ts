/** An integration as operators see it. */
import { liveSecrets } from './identity.ts'
import type { IdentitySecret, Integration, IntegrationToken, Overdue } from './integration.ts'

/** A token on a card; `value` only where the token is public. */
export type TokenCard = Omit<IntegrationToken, 'hash'>

/** An identity secret on a card: its last four characters tell it from others. */
export interface IdentitySecretCard extends Omit<IdentitySecret, 'secret'> {
  hint: string
}

/** The account card: everything but hashes and secrets. */
export interface IntegrationCard extends Omit<
  Integration,
  'tokens' | 'identitySecrets' | 'overdue' | 'attachments' | 'visitorErase'
> {
  overdue: Overdue | null
  attachments: boolean
  visitorErase: boolean
  tokens: TokenCard[]
  /** Those that count now, the newest first. */
  identitySecrets: IdentitySecretCard[]
  /** What its owner should think about before going live, in sentences. */
  warnings: string[]
}

/** The card of an integration at a time, in milliseconds since 1970. */
export function toCard(integration: Integration, now: number): IntegrationCard {
  const { tokens, identitySecrets, ...rest } = integration
  return {
    ...rest,
    overdue: rest.overdue ?? null,
    attachments: rest.attachments ?? false,
    visitorErase: rest.visitorErase ?? true,
    tokens: tokens.map(({ hash: _, ...token }) => token),
    identitySecrets: liveSecrets(identitySecrets, now).map(({ secret, ...dates }) => ({
      hint: secret.slice(-4),
      ...dates,
    })),
    warnings: warningsAbout(integration),
  }
}

/** A card for people who answer conversations, and have nothing to do with what opens them. */
export const withoutTokens = (card: IntegrationCard): IntegrationCard => ({ ...card, tokens: [], identitySecrets: [] })

/** A file to load, and the hash to compare it with. */
interface Source {
  path: string
  integrity?: string
}

/**
 * The script tag that puts the widget into a page.
 * @param source a pinned version; without one, whatever version the server has by then
 */
export function scriptTag(publicUrl: string, token: string, source: Source = { path: '/widget.js' }): string {
  const attributes = {
    src: publicUrl.replace(/\/+$/, '') + source.path,
    ...(source.integrity && { integrity: source.integrity, crossorigin: 'anonymous' }),
    'data-integration-token': token,
  }
  return `<script\n${Object.entries(attributes)
    .map(([name, value]) => `  ${name}="${escape(value)}"\n`)
    .join('')}></script>`
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
