/** The chat for Svelte 4 and newer, as an action: it imports nothing of Svelte, and works with any version. */
import type { WidgetHandle } from '../contract.ts'
import type { MountOptions } from '../options.ts'
import { callListener, createChat } from './_chat.ts'
import type { ChatListeners } from './_chat.ts'

/** The options of a chat, and listeners: `onReady`, `onOpen`, `onClose`, `onMessage`, `onUnread`, `onError`. */
export type LumikaProps = MountOptions &
  ChatListeners & {
    /** Gets the handle when the chat is on the page, and null when it no longer is. */
    onHandle?: (handle: WidgetHandle | null) => void
  }

/**
 * A chat as long as an element is there: `<svelte:body use:lumika={{ integrationToken }} />`. The element is only what
 * its life is tied to; the chat has its own place on the page.
 */
export function lumika(_element: Element, props: LumikaProps): { update(props: LumikaProps): void; destroy(): void } {
  let newest = props
  const chat = createChat((event, detail) => callListener(newest, event, detail))
  props.onHandle?.(chat.mount(props))
  return {
    update(props) {
      newest = props
      chat.update(props)
    },
    destroy() {
      chat.unmount()
      newest.onHandle?.(null)
    },
  }
}
