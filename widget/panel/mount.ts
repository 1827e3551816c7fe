/** The panel's entry: everything the page does not need before somebody wants to chat. */
import { flushSync, mount, unmount } from 'svelte'
import { createHttpAdapter } from '../../adapters/http.ts'
import { createEngine } from '../engine/engine.ts'
import type { PanelHandle, PanelProps } from '../handle.ts'
import { adopt } from '../host.ts'
import { Conversation } from './conversation.svelte.ts'
import Panel from './Panel.svelte'
import css from './panel.css?inline'

/** Puts the panel into the widget's shadow root, closed. */
export function mountPanel(root: ShadowRoot, { options, session, onClose, emit }: PanelProps): PanelHandle {
  adopt(root, css)
  const { serverUrl, integrationToken, conversationId, userHash, userJwt, context } = options
  const conversation = new Conversation((onChange) =>
    createEngine({
      adapter: options.adapter ?? createHttpAdapter({ serverUrl, integrationToken }),
      session,
      conversationId,
      proof: conversationId === undefined ? undefined : { userHash, userJwt },
      context,
      pollMs: options.pollInterval * 1_000,
      onChange,
      onMessage: ({ id, body, data }) =>
        emit('message', { id, body, author: data?.author ? ('person' as const) : ('assistant' as const) }),
    }),
  )
  const app = mount(Panel, { target: root, props: { conversation, options, onClose } })
  void conversation.start()
  return {
    setOpen(isOpen) {
      conversation.setOpen(isOpen)
      // At once, so that the focus can move into what is shown now.
      flushSync()
    },
    send: conversation.send,
    newConversation: conversation.newConversation,
    async destroy() {
      conversation.destroy()
      await unmount(app)
    },
  }
}
