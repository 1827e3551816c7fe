/** That a visitor has answered an invitation, by closing it or by opening the chat. Written by that act, never before. */
import type { WidgetOptions } from '../options.ts'

/** By integration, and not by visitor: it is the browser that has seen it. */
const keyOf = ({ serverUrl, integrationToken, name }: WidgetOptions): string =>
  `lumika:invite:${serverUrl}|${integrationToken || name}`

/** Whether it was answered. False where storage is blocked. */
export function isAnswered(options: WidgetOptions): boolean {
  try {
    return localStorage.getItem(keyOf(options)) !== null
  } catch {
    return false
  }
}

/** Keeps that it was answered. Never throws. */
export function keepAnswered(options: WidgetOptions): void {
  try {
    localStorage.setItem(keyOf(options), '1')
  } catch {
    // Blocked or full: it is shown again on another page.
  }
}
