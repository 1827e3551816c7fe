/** What is said beside the launcher, as it is edited. */
import type { WidgetInvite, Words } from '../api/types.ts'
import { wordsDraft, wordsOf } from './words.ts'

/** One rule. */
export interface InviteDraft {
  text: Words
  /** Seconds, as words; empty: at once. */
  after: string
  /** Empty: every page. */
  url: string
  isOnce: boolean
}

/** More are refused by the server. */
export const mostInvites = 10

export const newInvite = (): InviteDraft => ({ text: wordsDraft(), after: '30', url: '', isOnce: true })

/** What is saved. */
export const invitesDraft = (saved: WidgetInvite[] | null | undefined): InviteDraft[] =>
  (saved ?? []).map(({ text, after, url = '', once = false }) => ({
    ...{ text: wordsDraft(text), after: `${after ?? ''}`, url, isOnce: once },
  }))

/** What is to be saved. Undefined: nothing is said. */
export function invitesOf(draft: InviteDraft[]): WidgetInvite[] | undefined {
  const invites = draft.map(({ text, after, url, isOnce }) => ({
    text: wordsOf(text) ?? {},
    ...(after.trim() && { after: Number(after) }),
    ...(url.trim() && { url: url.trim() }),
    ...(isOnce && { once: true }),
  }))
  return invites.length > 0 ? invites : undefined
}

/** As the preview can show it: on its page, at once, whenever it is looked at. */
export const showableInvites = (invites: WidgetInvite[]): WidgetInvite[] =>
  invites.filter(({ text }) => Object.keys(text).length > 0).map(({ text }) => ({ text }))
