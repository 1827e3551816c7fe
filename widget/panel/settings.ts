/** The panel's share of the options: what they mean, and what they are when nobody sets them. */
import type { Form, Hours, OwnTexts } from '../features.ts'
import { isOn, provenId } from '../options.ts'
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
  /** By language. */
  texts?: Readonly<Record<string, OwnTexts>>
  hours?: Hours
  form?: Form
  /** Milliseconds. */
  pollMs: number
  imageHosts: readonly string[]
  /** Whether answers may be rated. */
  feedback: boolean
  sound: boolean
  titleCount: boolean
  rating: boolean
  typing: boolean
  /** Whether files may be sent: the site wants it, and the backend can take them. */
  attachments: boolean
  /** Most bytes of a file, where the server says. */
  attachmentBytes?: number
  erase: boolean
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
    feedback: isOn(options.feedback ?? true),
    sound: isOn(options.sound),
    titleCount: isOn(options.titleCount),
    rating: isOn(options.rating ?? true),
    typing: isOn(options.typing ?? true),
    attachments: isOn(options.attachments) && (!adapter || !!adapter.extras?.upload),
    attachmentBytes: (options as Settings).attachmentBytes,
    erase: isOn(options.erase ?? true),
    ...(conversationId !== undefined && { conversationId, ...(userHash && { userHash }), ...(userJwt && { userJwt }) }),
    ...(adapter && { adapter }),
    ...Object.fromEntries(
      (['context', 'texts', 'hours', 'form'] as const).flatMap((key) => {
        const value = objectOf(options[key])
        return value ? [[key, value]] : []
      }),
    ),
  }
}

/** Whether settings lead to the same conversation of the same visitor. */
export const isSameConversation = (one: Settings, other: Settings): boolean =>
  (['serverUrl', 'integrationToken', 'conversationId', 'userHash', 'userJwt', 'adapter'] as const).every(
    (key) => one[key] === other[key],
  )

/** On a tag it is JSON. What is no object is left out: nothing could be made of it, and the server would refuse it. */
function objectOf(value: unknown): object | undefined {
  try {
    const object: unknown = typeof value === 'string' ? JSON.parse(value) : value
    return object && typeof object === 'object' && !Array.isArray(object) ? object : undefined
  } catch {
    return undefined
  }
}
