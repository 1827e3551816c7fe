/** What a site may set, and what of it the launcher needs. The panel's share is read in `panel/settings.ts`. */
import type { ChatAdapter } from '../adapters/adapter.ts'
import type { Form, Hours, InviteRule, OwnTexts } from './features.ts'

/** The site's own id for a visitor, with its proof. */
export interface Identity {
  /**
   * The site's own id for this visitor. `data-conversation-id`. Security: without a proof anybody could read any
   * customer's conversation, so it counts only together with `userHash` or `userJwt`. @default a random one, kept
   */
  conversationId?: string
  /** Proof for `conversationId`, made on the site's server: an HMAC of it. `data-user-hash`. @default no proof */
  userHash?: string
  /** Proof for `conversationId`, made on the site's server: a token that expires. `data-user-jwt`. @default no proof */
  userJwt?: string
}

/**
 * Options of a widget. Every one but `adapter` has its `data-*` twin on the script tag. They may be changed
 * later; `open` and `config` say only how it begins.
 */
export interface WidgetOptions extends Identity {
  /**
   * The integration's token. `data-integration-token`. Security: a `widget` token is public; never use an `api` one.
   * @default none, where there is an `adapter`
   */
  integrationToken?: string
  /** The server's address. `data-server-url`. @default where `widget.js` came from; without a script tag, the page's own */
  serverUrl?: string
  /**
   * Tells several chats on one page apart: in `Lumika.widgets`, and, where there is an adapter and no token, in what the
   * browser keeps. `data-name`. @default the token
   */
  name?: string
  /** The language, a BCP 47 tag. `data-locale`. @default the page's, then the browser's, where there is a translation */
  locale?: string
  /** The panel's title, and its accessible name. `data-title`. @default 'Chat with us' */
  title?: string
  /** What stands in an empty conversation. `data-greeting`. @default 'Hello! How can we help?' */
  greeting?: string
  /** What stands in an empty text box. `data-placeholder`. @default 'Write a message…' */
  placeholder?: string
  /**
   * Words of the chat that are the site's own, by language (`*`: all of them) and name, such as
   * `{"de": {"title": "Frag uns"}}`. `data-texts`, as JSON. @default the words of the language
   */
  texts?: Readonly<Record<string, OwnTexts>>
  /** When somebody is there; at other times the chat says when somebody is back. `data-hours`, as JSON. @default always */
  hours?: Hours | null
  /** What the visitor is asked before the first message of a conversation. `data-form`, as JSON. @default nothing */
  form?: Form | null
  /**
   * What is said beside the launcher while the chat is closed, and when: the first rule for the page counts.
   * `data-invite`, as JSON. @default nothing
   */
  invite?: readonly InviteRule[] | null
  /** The corner the launcher sits in. `data-position`. @default 'right' */
  position?: 'left' | 'right'
  /** Light or dark; `auto` follows the visitor's system. `data-theme`. @default 'auto' */
  theme?: 'auto' | 'light' | 'dark'
  /** The colour of the launcher and the visitor's own messages, `#rrggbb`. `data-accent`. @default '#3b5bdb' */
  accent?: string
  /** The roundness of the panel's corners, in pixels, 0 to 40. `data-radius`. @default 16 */
  radius?: number
  /**
   * The typeface, a list as in a style sheet: `Inter, sans-serif`. `data-font`. Nothing is loaded for it: what the page has
   * not loaded, and the visitor's system does not have, is passed over. @default the system's
   */
  font?: string
  /**
   * The size of the panel, as far as the window has room: `small` (340 by 520 pixels), `medium` (384 by 620), `large`
   * (460 by 760), or width and height such as `400x700`. `data-size`. @default 'medium'
   */
  size?: 'small' | 'medium' | 'large' | `${number}x${number}`
  /**
   * How far from the edges of the window the launcher and the panel stay, in pixels: `24`, or sideways and from below such
   * as `24x80`. `data-offset`. @default 20
   */
  offset?: number | `${number}x${number}`
  /** What the chat lies above, a whole number other than 0. `data-z-index`. @default 2147483000 */
  zIndex?: number
  /**
   * Where the chat stands: `bubble` is a corner of the window, behind a launcher. `inline` is an element of the page, the
   * `target`, and `page` is the whole window: there it is always open, without a launcher. `data-mode`. @default 'bubble'
   */
  mode?: 'bubble' | 'inline' | 'page'
  /**
   * The element that the chat fills with `mode: 'inline'`: a CSS selector or, by call, the element. `data-target`. Where
   * there is no such element, the chat stands in its corner. @default none
   */
  target?: string | Element
  /** Whether there is a launcher; without one, the page opens the chat. `data-launcher`. @default true */
  launcher?: boolean
  /** Whether the panel is open at the start. `data-open`. @default false */
  open?: boolean
  /**
   * Whether a tone is heard when a message comes while the chat is closed or the page hidden; the visitor's own switch in the
   * chat's menu counts before it. Browsers allow none before the visitor has clicked or typed on the page. `data-sound`.
   * @default false
   */
  sound?: boolean
  /**
   * Whether the page's title begins with the number of new messages, `(2) A page`, while the page is hidden.
   * `data-title-count`. @default false
   */
  titleCount?: boolean
  /** Whether the visitor is asked how the chat was once somebody has resolved it. `data-rating`. @default true */
  rating?: boolean
  /** Whether the people behind the chat are told while the visitor types, in a conversation that has begun. `data-typing`. @default true */
  typing?: boolean
  /** Whether the visitor is offered to delete the conversation, where the server allows it. `data-erase`. @default true */
  erase?: boolean
  /** Whether the visitor may send pictures and PDF files, where the server or the adapter takes them. `data-attachments`. @default false */
  attachments?: boolean
  /** Seconds between two looks for new messages while the panel is closed, 5 to 60. `data-poll-interval`. @default 12 */
  pollInterval?: number
  /**
   * Hosts that answers may show images from, by HTTPS, whole (`img.example.com`). `data-image-hosts`, with spaces.
   * Security: a host learns who reads an answer and when, and whoever can steer an answer can have it tell more.
   * @default none: images are shown as links
   */
  imageHosts?: readonly string[]
  /** Whether the visitor may say of an answer if it was helpful. `data-feedback`, where `off` says no. @default true */
  feedback?: boolean | 'off'
  /**
   * Whether look and texts that were set for the integration on the server are asked for, once at the start; what the
   * page sets counts before them. `data-config`, where `off` says no. @default true
   */
  config?: boolean | 'off'
  /**
   * What the responder and the people behind the chat are to know, at most 4 KB. `data-context`, as JSON. With each message
   * they are told the page's address (without query and fragment) and title, and the browser's language and time zone as
   * `page`, `title`, `locale` and `timeZone`; what is given here by these names counts instead. @default nothing more
   */
  context?: Record<string, unknown>
  /** How the backend is reached. @default a Lumika server at `serverUrl` */
  adapter?: ChatAdapter
}

/** What a chat begins with: options, among them a token or an adapter. */
export type MountOptions = WidgetOptions & ({ integrationToken: string } | { adapter: ChatAdapter })

/** Whether anything is set that few sites set: it is read by a part of its own, `look/`. */
export const hasLook = (options: WidgetOptions): boolean =>
  (['radius', 'font', 'size', 'offset', 'zIndex', 'mode', 'invite'] as const).some(
    (name) => options[name] !== undefined,
  )

/** What a switch says, on a tag or by call: there is `data-open`, `data-open="true"`, `"false"` and `"off"`. */
export const isOn = (value: unknown): boolean => value !== undefined && !/^(false|off)$/.test(`${value}`)

/** The site's own id, as far as it is proven. Empty is what a template makes of somebody who is not signed in. */
export const provenId = ({ conversationId, userHash, userJwt }: Identity): string | undefined =>
  userHash || userJwt ? conversationId || undefined : undefined

/** Under what the browser keeps things: never what belongs to another server, integration, adapter or visitor. */
export const storageName = (options: WidgetOptions): string =>
  [options.serverUrl, options.integrationToken || options.name, provenId(options)].join('|')
