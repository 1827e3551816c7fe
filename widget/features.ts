/** What few sites have in their chat, and the words that are theirs. Types only. */

/** Words by language, a BCP 47 tag: the chat's counts, else English, else the first. */
export type Localized = Readonly<Record<string, string>>

/** Words of the chat that are the site's own, by their names in `widget/locales/en.json`. Names that there are not do nothing. */
export interface OwnTexts {
  readonly [name: string]: string | OwnTexts
}

/** When somebody is there. */
export interface Hours {
  /** Whose clock it is, an IANA name such as `Europe/Berlin`. */
  timeZone: string
  /** `day` is 1 (Monday) to 7; `from` and `to` are `HH:MM`, up to `24:00`. Several a day are fine. */
  days: readonly { day: number; from: string; to: string }[]
  /** What is said when nobody is there. @default only when somebody is back */
  offlineText?: Localized
}

/** Something the visitor is asked before the first message. */
export interface FormField {
  /** Under what the answer is told. */
  name: string
  kind: 'text' | 'email' | 'select' | 'checkbox'
  label: Localized
  /** @default false */
  required?: boolean
  /** What a `select` offers. */
  options?: readonly { value: string; label: Localized }[]
}

/** What the visitor is asked before the first message of a conversation. */
export interface Form {
  intro?: Localized
  fields: readonly FormField[]
  /** What the visitor has to agree to, and where it can be read. */
  consent?: { text: Localized; url?: string }
}

/** Something said beside the launcher, before anybody has asked. */
export interface InviteRule {
  /** Words by the page's language. */
  text: Localized
  /** Seconds after the page has loaded. @default 0 */
  after?: number
  /**
   * On which pages: a path, or a whole address, in which `*` stands for anything, such as `/shop/*`. Queries and fragments
   * do not count. @default all
   */
  url?: string
  /** Whether a visitor who has closed such a text or opened the chat sees none of them again. @default false */
  once?: boolean
}

/** What the visitor has answered, as it goes along with the first message. */
export interface FormAnswers {
  form: Record<string, string | boolean>
  /** What was agreed to, word for word, and when (RFC 3339). */
  consent?: { text: string; url?: string; at: string }
}
