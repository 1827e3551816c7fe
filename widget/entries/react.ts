/** The chat for React 18 and newer. */
import { forwardRef, useEffect, useImperativeHandle, useRef, useState } from 'react'
import type { ForwardedRef, ForwardRefExoticComponent, RefAttributes, RefObject } from 'react'
import type { WidgetHandle } from '../contract.ts'
import type { MountOptions } from '../options.ts'
import { callListener, createChat } from './_chat.ts'
import type { ChatListeners } from './_chat.ts'

/** The options of a chat, and listeners: `onReady`, `onOpen`, `onClose`, `onMessage`, `onUnread`, `onError`. */
export type LumikaChatProps = MountOptions & ChatListeners

/** A chat as long as the component is mounted; its ref is the chat's handle. Draws nothing itself, on a server neither. */
export const LumikaChat: ForwardRefExoticComponent<LumikaChatProps & RefAttributes<WidgetHandle>> = forwardRef(
  function LumikaChat(props: LumikaChatProps, ref: ForwardedRef<WidgetHandle>) {
    useChat(props, ref)
    return null
  },
)

/** A chat as long as the component that calls it is mounted. Returns its handle, null until it is on the page. */
export function useLumika(props: LumikaChatProps): RefObject<WidgetHandle | null> {
  const ref = useRef<WidgetHandle>(null)
  useChat(props, ref)
  return ref
}

function useChat(props: LumikaChatProps, ref: ForwardedRef<WidgetHandle>): void {
  const newest = useRef(props)
  const [chat] = useState(() => createChat((event, detail) => callListener(newest.current, event, detail)))
  // Whoever comes first puts it on the page: a ref is set before the effects run, and there may be none.
  useImperativeHandle(ref, () => chat.mount(newest.current), [chat])
  // Unmounted here alone, since this one is not undone where a boundary suspends.
  useEffect(() => {
    chat.mount(newest.current)
    return chat.unmount
  }, [chat])
  useEffect(() => {
    newest.current = props
    chat.update(props)
  })
}
