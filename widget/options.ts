/** What a site may set, where the defaults live, and how a script tag says it. */
import type { ChatAdapter } from '../adapters/adapter.ts'

/** Options of a widget. Every one but `adapter`, `context` and the functions has its `data-*` twin on the script tag. */
export interface WidgetOptions {
  /** The integration's token. `data-integration-token`. Security: a `widget` token is public; never use an `api` one. */
  integrationToken: string
  /** The server's address. `data-server-url`. @default where `widget.js` came from; without a script tag, the page's own */
  serverUrl?: string
  /** The panel's title, and its accessible name. `data-title`. @default 'Chat with us' */
  title?: string
  /** What stands in an empty conversation. `data-greeting`. @default 'Hello! How can we help?' */
  greeting?: string
  /** What stands in an empty text box. `data-placeholder`. @default 'Write a message…' */
  placeholder?: string
  /** The corner the launcher sits in. `data-position`. @default 'right' */
  position?: 'left' | 'right'
  /** Light or dark; `auto` follows the visitor's system. `data-theme`. @default 'auto' */
  theme?: 'auto' | 'light' | 'dark'
  /** The colour of the launcher and the visitor's own messages, `#rrggbb`. `data-accent`. @default '#3b5bdb' */
  accent?: string
  /** Whether the panel is open at the start. `data-open`. @default false */
  open?: boolean
  /** Seconds between two looks for new messages while the panel is open, 5 to 60. `data-poll-interval`. @default 12 */
  pollInterval?: number
  /**
   * The site's own id for this visitor. `data-conversation-id`. Security: without a proof anybody could read any
   * customer's conversation, so it counts only together with `userHash` or `userJwt`. @default a random one, kept
   */
  conversationId?: string
  /** Proof for `conversationId`, made on the site's server. `data-user-hash`. */
  userHash?: string
  /** Proof for `conversationId`, made on the site's server. `data-user-jwt`. */
  userJwt?: string
  /** What the responder is to know of the page. At most 4 KB of JSON. @default nothing */
  context?: Record<string, unknown>
  /** How the backend is reached. @default a Lumika server at `serverUrl` */
  adapter?: ChatAdapter
}

/** Options with nothing left open. */
export type ResolvedOptions = Required<
  Omit<WidgetOptions, 'conversationId' | 'userHash' | 'userJwt' | 'context' | 'adapter'>
> &
  Pick<WidgetOptions, 'conversationId' | 'userHash' | 'userJwt' | 'context' | 'adapter'>

const defaults = {
  title: 'Chat with us',
  greeting: 'Hello! How can we help?',
  placeholder: 'Write a message…',
  position: 'right',
  theme: 'auto',
  accent: '#3b5bdb',
  open: false,
  pollInterval: 12,
} as const

/** The options of the script tag: one row each, so that none is forgotten. */
const attributes: Record<string, (value: string) => Partial<WidgetOptions>> = {
  integrationToken: (integrationToken) => ({ integrationToken }),
  serverUrl: (serverUrl) => ({ serverUrl }),
  title: (title) => ({ title }),
  greeting: (greeting) => ({ greeting }),
  placeholder: (placeholder) => ({ placeholder }),
  position: (position) => ({ position: position as 'left' }),
  theme: (theme) => ({ theme: theme as 'auto' }),
  accent: (accent) => ({ accent }),
  open: (open) => ({ open: open !== 'false' }),
  pollInterval: (seconds) => ({ pollInterval: Number(seconds) }),
  conversationId: (conversationId) => ({ conversationId }),
  userHash: (userHash) => ({ userHash }),
  userJwt: (userJwt) => ({ userJwt }),
}

/** Reads the `data-*` attributes of a script tag. */
export function optionsFromTag(dataset: Readonly<Record<string, string | undefined>>): Partial<WidgetOptions> {
  const found: Partial<WidgetOptions> = {}
  for (const name in attributes) {
    const value = dataset[name]
    if (value !== undefined) Object.assign(found, attributes[name]?.(value))
  }
  return found
}

/**
 * Fills in the defaults. A value that makes no sense falls back to its default: a typo must not cost a site its chat.
 * @throws TypeError when there is neither a token nor an adapter
 */
export function resolveOptions(options: WidgetOptions): ResolvedOptions {
  if (!options.integrationToken && !options.adapter) {
    throw new TypeError('Lumika: integrationToken is missing. Copy it from your integration.')
  }
  const { title, position, theme, accent, pollInterval, conversationId, userHash, userJwt } = options
  // Empty is what a template makes of a visitor who is not signed in.
  const isProven = conversationId && (userHash || userJwt)
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  return {
    serverUrl: '',
    ...defaults,
    ...(given as WidgetOptions),
    title: title || defaults.title,
    position: position === 'left' ? 'left' : defaults.position,
    theme: theme === 'light' || theme === 'dark' ? theme : defaults.theme,
    accent: accent && /^#[0-9a-f]{6}$/i.test(accent) ? accent : defaults.accent,
    pollInterval: pollInterval ? Math.min(Math.max(pollInterval, 5), 60) : defaults.pollInterval,
    conversationId: isProven ? conversationId : undefined,
    userHash: isProven ? userHash || undefined : undefined,
    userJwt: isProven ? userJwt || undefined : undefined,
  }
}
