/** What visitors send files with: a part of its own, for the sites that take files. */
import type { Conversation } from '../conversation.svelte.ts'
import Attach from './Attach.svelte'
import { Tray } from './tray.svelte.ts'

export { default as css } from './attach.css?inline'
export type { Tray } from './tray.svelte.ts'

/** Makes what holds the files of a chat until they are sent. */
export const createTray = (conversation: Conversation): Tray => new Tray(conversation, Attach)
