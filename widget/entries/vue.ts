/** The chat for Vue 3.5 and newer. */
import { defineComponent, onMounted, onUnmounted, shallowRef, watch } from 'vue'
import type { PropType } from 'vue'
import type { WidgetEvents, WidgetHandle } from '../contract.ts'
import type { WidgetOptions } from '../options.ts'
import { createChat } from './_chat.ts'

// A switch that is left out is to be left out: Vue would make false of it.
const onOff = { type: Boolean, default: undefined }

/**
 * A chat as long as the component is mounted. Its properties are the options, its events the chat's, and `chat` on its
 * ref is the handle, null until it is on the page. Draws nothing itself, on a server neither.
 */
export const LumikaChat = defineComponent({
  name: 'LumikaChat',
  inheritAttrs: false,
  props: {
    integrationToken: String,
    serverUrl: String,
    name: String,
    conversationId: String,
    userHash: String,
    userJwt: String,
    locale: String,
    title: String,
    greeting: String,
    placeholder: String,
    position: String as PropType<'left' | 'right'>,
    theme: String as PropType<'auto' | 'light' | 'dark'>,
    accent: String,
    radius: Number,
    font: String,
    size: String as PropType<NonNullable<WidgetOptions['size']>>,
    offset: [Number, String] as PropType<NonNullable<WidgetOptions['offset']>>,
    zIndex: Number,
    mode: String as PropType<NonNullable<WidgetOptions['mode']>>,
    target: null as unknown as PropType<NonNullable<WidgetOptions['target']>>,
    launcher: onOff,
    open: onOff,
    pollInterval: Number,
    config: { type: [Boolean, String] as PropType<boolean | 'off'>, default: undefined },
    feedback: { type: [Boolean, String] as PropType<boolean | 'off'>, default: undefined },
    sound: onOff,
    titleCount: onOff,
    rating: onOff,
    typing: onOff,
    erase: onOff,
    imageHosts: Array as PropType<readonly string[]>,
    context: Object as PropType<NonNullable<WidgetOptions['context']>>,
    texts: Object as PropType<NonNullable<WidgetOptions['texts']>>,
    hours: Object as PropType<WidgetOptions['hours']>,
    form: Object as PropType<WidgetOptions['form']>,
    invite: Array as unknown as PropType<WidgetOptions['invite']>,
    adapter: Object as PropType<NonNullable<WidgetOptions['adapter']>>,
  } satisfies Record<keyof WidgetOptions, unknown>,
  emits: {
    ready: (_detail: WidgetEvents['ready']) => true,
    open: (_detail: WidgetEvents['open']) => true,
    close: (_detail: WidgetEvents['close']) => true,
    message: (_detail: WidgetEvents['message']) => true,
    unread: (_detail: WidgetEvents['unread']) => true,
    error: (_detail: WidgetEvents['error']) => true,
  },
  setup(props, { emit }) {
    const chat = createChat(emit as (event: string, detail: unknown) => void)
    const handle = shallowRef<WidgetHandle | null>(null)
    const options = () => ({ ...props }) as WidgetOptions
    onMounted(() => (handle.value = chat.mount(options())))
    watch(options, chat.update)
    onUnmounted(() => {
      chat.unmount()
      handle.value = null
    })
    return { chat: handle }
  },
  render: () => null,
})
