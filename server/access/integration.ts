/** What an integration is: one property or deployment that may talk to this server. */

import type { Language } from '../../protocol.ts'

/** `widget`: the token stands in a web page. `api`: the token is a secret. */
export type IntegrationKind = 'widget' | 'api'

/** One live token of an integration. */
export interface IntegrationToken {
  /** Names the token in the operator API. */
  id: string
  /** SHA-256 of the token, base64url. The token has 128 random bits or more, so a plain hash cannot be searched. */
  hash: string
  /** The last four characters, to tell tokens apart. */
  hint: string
  /** The token itself; only kept for `widget` tokens, which are public. */
  value?: string
  /** RFC 3339. */
  createdAt: string
}

/** A secret with which the site's own server signs its customers' ids. */
export interface IdentitySecret {
  secret: string
  /** RFC 3339. */
  createdAt: string
  /** RFC 3339; set when a newer secret takes over. @default never */
  expiresAt?: string
}

/** Words by language. */
export type Localized = Partial<Record<Language, string>>

/** When somebody is there, by the clock of a zone. */
export interface WidgetHours {
  /** An IANA name such as `Europe/Berlin`. */
  timeZone: string
  /** `day` is 1 (Monday) to 7; `from` and `to` are `HH:MM`, up to `24:00`. */
  days: { day: number; from: string; to: string }[]
  offlineText?: Localized | undefined
}

/** Something a visitor is asked before the first message. */
export interface WidgetFormField {
  name: string
  kind: 'text' | 'email' | 'select' | 'checkbox'
  label: Localized
  required?: boolean | undefined
  options?: { value: string; label: Localized }[] | undefined
}

/** What a visitor is asked before the first message of a conversation. */
export interface WidgetForm {
  intro?: Localized | undefined
  fields: WidgetFormField[]
  consent?: { text: Localized; url?: string | undefined } | undefined
}

/** Something said beside the launcher, before anybody has asked. */
export interface WidgetInvite {
  text: Localized
  /** Seconds. */
  after?: number | undefined
  /** A path, or a whole address, in which `*` stands for anything. */
  url?: string | undefined
  once?: boolean | undefined
}

/** What the widget takes on where a page sets nothing else: options of the same names. */
export interface WidgetLook {
  title?: string | undefined
  greeting?: string | undefined
  placeholder?: string | undefined
  /** `#rrggbb`. */
  accent?: string | undefined
  position?: 'left' | 'right' | undefined
  theme?: 'auto' | 'light' | 'dark' | undefined
  /** Pixels. */
  radius?: number | undefined
  /** A list of typefaces, as in a style sheet. */
  font?: string | undefined
  /** `small`, `medium`, `large`, or width and height such as `400x700`. */
  size?: string | undefined
  /** Pixels: `24`, or sideways and from below such as `24x80`. */
  offset?: string | undefined
  zIndex?: number | undefined
  invite?: WidgetInvite[] | null | undefined
  /** A BCP 47 tag. */
  locale?: string | undefined
  /** Words in place of the widget's own, by language and name. What is set for a language counts before what is set for all. */
  texts?: Partial<Record<Language, object>> | undefined
  hours?: WidgetHours | null | undefined
  form?: WidgetForm | null | undefined
  launcher?: boolean | undefined
  /** Hosts that answers may show images from. */
  imageHosts?: string[] | undefined
  /** Seconds, 5 to 60. */
  pollInterval?: number | undefined
  /** Whether visitors are asked how it was, once a conversation is resolved. */
  rating?: boolean | undefined
  /** Whether visitors may say of an answer if it was helpful. */
  feedback?: boolean | undefined
  sound?: boolean | undefined
  /** Whether the page's title counts new messages. */
  titleCount?: boolean | undefined
}

/** What becomes of a draft that nobody decides about. */
export interface Overdue {
  /** Minutes since the draft was written, 1 to 10,080. */
  afterMinutes: number
  /** `release`: it goes out as it is. `apologise`: a text goes out, once until a person has spoken, and the draft stays. */
  action: 'release' | 'apologise'
  /** What is said by way of apology. @default a sentence in English */
  text?: string | undefined
}

/** An integration as it is stored. */
export interface Integration {
  /** `int_` and random characters of `[a-z0-9]`: never a `.`, so that it can be the scope of a conversation key. */
  id: string
  name: string
  kind: IntegrationKind
  /** Normalised entries; empty means any origin. */
  allowedDomains: string[]
  /** The name of a configured responder; null: people only. */
  responder: string | null
  responseMode: 'auto' | 'approval'
  /** Accept deterministic ids without proof. Security: anybody may then read any such conversation. */
  allowUnsignedIds: boolean
  /** Refuse capability ids too: only proven visitors may chat. */
  requireIdentity: boolean
  /** Answers a day, from midnight UTC, that the responder is asked for; null: as many as the server allows. */
  answersPerDay: number | null
  /** What becomes of drafts that nobody decides about; null, or left out by an earlier version: they wait. */
  overdue?: Overdue | null
  /** Days after which conversations may be erased; null: kept. */
  retentionDays: number | null
  /** Whether messages may have files; left out by an earlier version: no. */
  attachments?: boolean
  /** Whether visitors may erase their conversations; left out by an earlier version: yes. */
  visitorErase?: boolean
  /** Look and texts of the widget. */
  widget: WidgetLook
  tokens: IntegrationToken[]
  identitySecrets: IdentitySecret[]
  /** RFC 3339. */
  createdAt: string
  updatedAt: string
}

/** What may be changed; left out means unchanged, or at creation the default. */
export interface IntegrationPatch {
  name?: string | undefined
  /** Hosts whose pages may call. Security: an empty list lets every page call. @default [] */
  allowedDomains?: readonly string[] | undefined
  /** The name of a configured responder; null: people only. @default the server's */
  responder?: string | null | undefined
  /** @default 'auto' */
  responseMode?: 'auto' | 'approval' | undefined
  /** Security: lets anybody read any conversation whose id can be guessed. @default false */
  allowUnsignedIds?: boolean | undefined
  /** Refuses visitors without proof; wins over `allowUnsignedIds`. @default false */
  requireIdentity?: boolean | undefined
  /** Answers a day that the responder is asked for; null: as many as the server allows. @default null */
  answersPerDay?: number | null | undefined
  /** In approval mode: what becomes of a draft that nobody decides about; null: it waits. @default null */
  overdue?: Overdue | null | undefined
  /** Days; null: conversations are kept. @default null */
  retentionDays?: number | null | undefined
  /** Security: files come from strangers; they are never shown as pages, but people open them. @default false */
  attachments?: boolean | undefined
  /** Whether visitors may erase their own conversations, as operators can. @default true */
  visitorErase?: boolean | undefined
  /** Look and texts of the widget, all of them at once. Security: every visitor may read them. @default {} */
  widget?: WidgetLook | undefined
}

/** A new integration. */
export interface IntegrationInput extends IntegrationPatch {
  name: string
  kind: IntegrationKind
}
