/** The panel's share of the options: what they mean, and what they are when nobody sets them. */
import { provenId } from '../options.ts'
import type { WidgetOptions } from '../options.ts'

/** Options with nothing left open. */
export interface Settings extends Pick<
  WidgetOptions,
  'name' | 'conversationId' | 'userHash' | 'userJwt' | 'context' | 'adapter'
> {
  serverUrl: string
  integrationToken: string
  /** Left out: the words of the language. */
  title?: string
  greeting?: string
  placeholder?: string
  /** Milliseconds. */
  pollMs: number
  imageHosts: readonly string[]
}

/** Reads options, whether they came by call or as the words of a script tag. */
export function settingsOf(options: WidgetOptions): Settings {
  const {
    serverUrl = '',
    integrationToken = '',
    name,
    title,
    greeting,
    placeholder,
    imageHosts = [],
    adapter,
  } = options
  // On a tag everything is a word.
  const hosts = typeof imageHosts === 'string' ? (imageHosts as string).split(/[\s,]+/) : imageHosts
  const context = contextOf(options.context)
  const conversationId = provenId(options)
  const { userHash, userJwt } = options
  const seconds = Number(options.pollInterval)
  return {
    serverUrl,
    integrationToken,
    ...(name && { name }),
    ...(title && { title }),
    ...(greeting !== undefined && { greeting }),
    ...(placeholder !== undefined && { placeholder }),
    pollMs: (seconds ? Math.min(Math.max(seconds, 5), 60) : 12) * 1_000,
    imageHosts: hosts.filter(Boolean),
    ...(conversationId !== undefined && { conversationId, ...(userHash && { userHash }), ...(userJwt && { userJwt }) }),
    ...(context && { context }),
    ...(adapter && { adapter }),
  }
}

/** On a tag it is JSON. What is no object is left out: the server would refuse each message that comes with it. */
function contextOf(value: unknown): Settings['context'] {
  try {
    const context: unknown = typeof value === 'string' ? JSON.parse(value) : value
    return context && typeof context === 'object' && !Array.isArray(context)
      ? (context as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
