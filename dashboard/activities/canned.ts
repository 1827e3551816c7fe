/** Replies that are ready: what stands in place of their variables, and which one a shortcut means. */
import type { CannedReply } from '../api/types.ts'

/** What variables stand for, by name. */
export type Values = Record<string, string>

/** The variables that are filled in, and what for. Others stay as they are, for the person to see. */
export const variables = [
  ['customer', 'what your site calls the customer'],
  ['me', 'your name'],
  ['integration', 'the name of the integration'],
] as const

/** The text of a reply with its variables filled in. */
export const filledIn = (body: string, values: Values): string =>
  body.replace(/\{\{\s*([A-Za-z][A-Za-z0-9_]*)\s*\}\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] as string) : whole,
  )

/** The reply whose shortcut, after a slash, is all that was typed. */
export const byShortcut = (replies: readonly CannedReply[], typed: string): CannedReply | undefined =>
  typed.startsWith('/') ? replies.find(({ shortcut }) => shortcut === typed.slice(1).trim()) : undefined
