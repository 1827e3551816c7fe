/** How a visitor who looks elsewhere hears of a message: a part of its own, for whoever wants it. */
import type { Conversation } from '../conversation.svelte.ts'
import { createTitleCount } from './title-count.ts'
import { ring } from './tone.ts'

/** Tells of messages beside the chat itself. */
export interface Alerts {
  /** A message has come that nobody has read yet. */
  news(): void
  /** So many messages have come while the panel was closed. */
  count(unread: number): void
  /** Takes away what is shown. */
  destroy(): void
}

/** Makes the alerts of a chat, which follow its settings. */
export function createAlerts(
  conversation: Pick<Conversation, 'isOpen' | 'isSounding'> & { settings: { titleCount: boolean } },
): Alerts {
  const title = createTitleCount()
  let unread = 0
  /** Those that came into an open panel while nobody looked. */
  let missed = 0

  const show = () => title.show(conversation.settings.titleCount && document.hidden ? unread + missed : 0)
  const look = () => {
    if (!document.hidden) missed = 0
    show()
  }
  document.addEventListener('visibilitychange', look)
  return {
    news() {
      if (conversation.isOpen && document.hidden) missed++
      if (conversation.isSounding) ring()
      show()
    },
    count(count) {
      unread = count
      show()
    },
    destroy() {
      document.removeEventListener('visibilitychange', look)
      title.show(0)
    },
  }
}
