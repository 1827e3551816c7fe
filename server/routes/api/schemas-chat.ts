/** What the chat of an integration says by language, when somebody is there, and what it asks first. */
import { z } from 'zod'
import { languages } from '../../../protocol.ts'

/** Described once, not for each language anew. */
const perLanguage = <T extends z.ZodType>(each: T) => z.partialRecord(z.enum(languages), each)

const words = (longest: number) => z.string().trim().max(longest).optional()

const allOf = <N extends string>(longest: number, names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, words(longest)])) as Record<N, ReturnType<typeof words>>

const group = <N extends string>(...names: N[]) => z.strictObject(allOf(200, names)).optional()

/** Words of the widget by their names there (`widget/locales/en.json`); shown as text, never as markup. */
export const texts = perLanguage(
  z.strictObject({
    ...allOf(100, ['title', 'placeholder', 'close', 'newConversation', 'messages', 'message', 'send', 'stop', 'retry']),
    ...allOf(200, [
      'askAgain',
      'you',
      'assistant',
      'notSent',
      'typing',
      'sendingLater',
      'earlier',
      'loading',
      'offline',
    ]),
    ...allOf(200, ['disconnected', 'volatile', 'copy', 'copied', 'code', 'table']),
    greeting: words(1_000),
    launcher: group('open', 'close', 'retry', 'unread'),
    states: group('sending', 'stopped', 'interrupted'),
    outcomes: group('failed', 'approval', 'human'),
    failures: group(
      ...(['network', 'rate_limited', 'text_too_long', 'invalid_token', 'domain_not_allowed'] as const),
      ...(['identity_required', 'storage_unavailable', 'other'] as const),
    ),
    form: group('optional', 'start', 'missing', 'email', 'agree', 'choose', 'read'),
    hours: group('back'),
    reading: group(
      ...(['toEnd', 'isTyping', 'suggestions', 'helpful', 'notHelpful', 'thanks'] as const),
      ...(['download', 'image', 'file'] as const),
    ),
    menu: group(
      ...(['more', 'person', 'personAsked', 'transcript', 'sound', 'erase', 'eraseSure', 'eraseYes'] as const),
      ...(['cancel', 'erased', 'failed'] as const),
    ),
    rating: z
      .strictObject({
        ...allOf(200, ['question', 'comment', 'send', 'skip', 'thanks']),
        scores: group('1', '2', '3', '4', '5'),
      })
      .optional(),
    attach: group('add', 'drop', 'remove', 'uploading', 'tooLarge', 'wrongType', 'failed', 'notAllowed'),
  }),
)

const localized = (longest: number) =>
  perLanguage(z.string().trim().min(1).max(longest)).refine((said) => Object.keys(said).length > 0, {
    message: 'has to be said in one language at least',
  })

/** What is said beside the launcher, by page and delay. */
export const invite = z
  .array(
    z.strictObject({
      text: localized(300),
      after: z.number().min(0).max(3_600).optional(),
      url: z
        .string()
        .regex(/^(\/|\*|https?:\/\/)\S{0,299}$/, 'has to be a path such as /shop/*, or a whole address')
        .optional(),
      once: z.boolean().optional(),
    }),
  )
  .max(10)

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'has to be a time such as 09:00')

/** When somebody is there. */
export const hours = z.strictObject({
  timeZone: z.string().max(64).refine(isTimeZone, { message: 'has to be a time zone such as Europe/Berlin' }),
  days: z
    .array(
      z
        .strictObject({ day: z.int().min(1).max(7), from: time, to: z.union([time, z.literal('24:00')]) })
        .refine(({ from, to }) => from < to, { message: 'has to be later than the beginning', path: ['to'] }),
    )
    .max(42),
  offlineText: localized(500).optional(),
})

const field = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/i, 'has to be letters, digits, _ and -, at most 32'),
    kind: z.enum(['text', 'email', 'select', 'checkbox']),
    label: localized(300),
    required: z.boolean().optional(),
    options: z
      .array(z.strictObject({ value: z.string().trim().min(1).max(100), label: localized(100) }))
      .min(1)
      .max(30)
      .optional(),
  })
  .refine(({ kind, options }) => (kind === 'select') === (options !== undefined), {
    message: 'have to be there for a choice, and for nothing else',
    path: ['options'],
  })

/** What a visitor is asked before the first message. The answers, at most 150 letters each, fit into a `context`. */
export const form = z.strictObject({
  intro: localized(500).optional(),
  fields: z
    .array(field)
    .max(8)
    .refine((fields) => new Set(fields.map(({ name }) => name)).size === fields.length, {
      message: 'have to have different names',
    }),
  consent: z
    .strictObject({
      text: localized(500),
      url: z
        .string()
        .max(300)
        .regex(/^https:\/\/[^\s"<>]+$/i, 'has to be an address that begins with https://')
        .optional(),
    })
    .optional(),
})

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== undefined
  } catch {
    return false
  }
}
