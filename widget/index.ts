/** The npm entry: a widget under your control, for single-page apps. Importing it touches nothing. */
import { createWidget } from './handle.ts'
import type { WidgetHandle } from './contract.ts'
import type { MountOptions } from './options.ts'

export type { WidgetEvents, WidgetHandle } from './contract.ts'
export type { Form, FormField, Hours, InviteRule, Localized, OwnTexts } from './features.ts'
export type { Identity, MountOptions, WidgetOptions } from './options.ts'

/**
 * Puts a chat on the page. Call it where there is a document, and `destroy()` the handle when the page part goes.
 * @throws TypeError when neither `integrationToken` nor `adapter` is given
 */
export function mountWidget(options: MountOptions): WidgetHandle {
  return createWidget(
    { ...options, serverUrl: options.serverUrl ?? location.origin },
    { loadPanel: () => import('./panel/mount.ts'), loadLook: () => import('./look/index.ts') },
  )
}
