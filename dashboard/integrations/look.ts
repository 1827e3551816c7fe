/** How the chat looks and what it says, as it is edited. */
import type { WidgetLook } from '../api/types.ts'
import { formDraft, formOf, showable } from './form.ts'
import type { FormDraft } from './form.ts'
import { hoursDraft, hoursOf } from './hours.ts'
import type { HoursDraft } from './hours.ts'
import { invitesDraft, invitesOf, showableInvites } from './invites.ts'
import type { InviteDraft } from './invites.ts'
import { shapeDraft, shapeOf } from './shape.ts'
import type { ShapeDraft } from './shape.ts'
import { signalsDraft, signalsOf } from './signals.ts'
import type { SignalsDraft } from './signals.ts'
import { textsDraft, textsOf } from './texts.ts'
import type { TextsDraft } from './texts.ts'

/** All of it in a form. */
export interface LookDraft extends ShapeDraft, SignalsDraft {
  title: string
  greeting: string
  placeholder: string
  accent: string
  position: string
  theme: string
  locale: string
  invite: InviteDraft[]
  hours: HoursDraft
  form: FormDraft
  texts: TextsDraft
}

/** What is saved in a form. @param zone of whoever edits */
export const lookDraft = (saved: WidgetLook, zone: string): LookDraft => ({
  title: saved.title ?? '',
  greeting: saved.greeting ?? '',
  placeholder: saved.placeholder ?? '',
  accent: saved.accent ?? '',
  position: saved.position ?? 'right',
  theme: saved.theme ?? 'auto',
  locale: saved.locale ?? 'auto',
  ...shapeDraft(saved),
  ...signalsDraft(saved),
  invite: invitesDraft(saved.invite),
  hours: hoursDraft(saved.hours, zone),
  form: formDraft(saved.form),
  texts: textsDraft(saved.texts),
})

/** What is to be saved. What is not edited here stays as it is: all of it is saved at once. */
export function lookOf(saved: WidgetLook, draft: LookDraft): WidgetLook {
  const others = Object.entries(saved).filter(([name]) => !(name in draft))
  const { accent, position, theme, locale } = draft
  const [title, greeting, placeholder] = [draft.title.trim(), draft.greeting.trim(), draft.placeholder.trim()]
  const [texts, hours, form] = [textsOf(draft.texts), hoursOf(draft.hours), formOf(draft.form)]
  const invite = invitesOf(draft.invite)
  return {
    ...Object.fromEntries(others),
    ...(title && { title }),
    ...(greeting && { greeting }),
    ...(placeholder && { placeholder }),
    ...(/^#[0-9a-f]{6}$/i.test(accent) && { accent }),
    ...(position === 'left' && { position: 'left' as const }),
    ...(theme !== 'auto' && { theme: theme as 'light' | 'dark' }),
    ...(locale !== 'auto' && { locale }),
    ...shapeOf(draft),
    ...signalsOf(draft),
    ...(invite && { invite }),
    ...(texts && { texts }),
    ...(hours && { hours }),
    ...(form && { form }),
  }
}

/** Whether something would be saved that is not. */
export const isChanged = (saved: WidgetLook, draft: LookDraft, zone: string): boolean =>
  JSON.stringify(lookOf(saved, draft)) !== JSON.stringify(lookOf(saved, lookDraft(saved, zone)))

/** As the preview can show it. */
export const shownOf = (look: WidgetLook): WidgetLook => ({
  ...look,
  ...(look.form && { form: showable(look.form) }),
  ...(look.invite && { invite: showableInvites(look.invite) }),
})

/** What the server has refused of a look, and why. */
export interface Refused {
  /** Such as `hours.days.0.to`. */
  path: string
  text: string
}

/** What of the look a message of the server's is about. Null: nothing of it. */
export function refusedIn(message: string): Refused | null {
  const [, path = '', text = ''] = /^widget\.([\w.-]+): (.+)$/s.exec(message) ?? []
  return path ? { path, text: text.charAt(0).toUpperCase() + text.slice(1) } : null
}
