/** What the Dashboard and the preview in its frame tell each other, and what of it either believes. */
import type { WidgetLook } from '../api/types.ts'

/** What the preview is to show. */
export interface Scene {
  /** As it is edited, saved or not. */
  look: WidgetLook
  isOpen: boolean
  /** Whether something has been said already. */
  hasMessages: boolean
  /** Whether the team has said that all of it is settled. */
  isResolved: boolean
  /** What the visitor's system prefers. */
  isDark: boolean
  /** Whether the page runs from right to left. */
  isRightToLeft: boolean
  /** The page's language, a BCP 47 tag. */
  locale: string
}

/** What the preview says. */
export type Said =
  /** It can be told what to show. */
  | { lumika: 'ready' }
  /** The chat was opened or closed in it. */
  | { lumika: 'open'; isOpen: boolean }

/** What is shown, in a message of the Dashboard's. Null: it is nothing of the kind. */
export function sceneIn(data: unknown): Scene | null {
  const { scene } = fieldsOf(data) as { scene?: unknown }
  const given = fieldsOf(scene) as Partial<Record<keyof Scene, unknown>>
  const switches = [given.isOpen, given.hasMessages, given.isResolved, given.isDark, given.isRightToLeft]
  if (!switches.every((each) => typeof each === 'boolean')) return null
  if (typeof given.locale !== 'string' || !isObject(given.look)) return null
  return given as Scene
}

/** What the preview says, in a message of its. Null: it is nothing of the kind. */
export function saidIn(data: unknown): Said | null {
  const { lumika, isOpen } = fieldsOf(data) as { lumika?: unknown; isOpen?: unknown }
  if (lumika === 'ready') return { lumika }
  return lumika === 'open' && typeof isOpen === 'boolean' ? { lumika, isOpen } : null
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const fieldsOf = (value: unknown): object => (isObject(value) ? value : {})
