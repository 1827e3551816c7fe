/** The chat for Vue 3.5 and newer. */
import { defineComponent, onMounted, onUnmounted, shallowRef, watch } from 'vue'
import type { PropType } from 'vue'
import type { WidgetEvents, WidgetHandle } from '../contract.ts'
import type { WidgetOptions } from '../options.ts'
import { createChat, events } from './_chat.ts'

// A switch that is left out is to be left out: Vue would make false of it.
const onOff = { type: [Boolean, String] as PropType<boolean | 'off'>, default: undefined }

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
    font: String,
    size: String as PropType<NonNullable<WidgetOptions['size']>>,
    mode: String as PropType<NonNullable<WidgetOptions['mode']>>,
    radius: Number,
    zIndex: Number,
    pollInterval: Number,
    launcher: onOff,
    rating: onOff,
    titleCount: onOff,
    feedback: onOff,
    attachments: onOff,
    typing: onOff,
    open: onOff,
    config: onOff,
    sound: onOff,
    erase: onOff,
    context: Object as PropType<NonNullable<WidgetOptions['context']>>,
    texts: Object as PropType<NonNullable<WidgetOptions['texts']>>,
    hours: Object as PropType<WidgetOptions['hours']>,
    form: Object as PropType<WidgetOptions['form']>,
    adapter: Object as PropType<NonNullable<WidgetOptions['adapter']>>,
    imageHosts: Array as PropType<readonly string[]>,
    invite: Array as unknown as PropType<WidgetOptions['invite']>,
    offset: [Number, String] as PropType<NonNullable<WidgetOptions['offset']>>,
    target: null as unknown as PropType<NonNullable<WidgetOptions['target']>>,
  } satisfies Record<keyof WidgetOptions, unknown>,
  // By name is enough for Vue; what comes with each is for those who write in TypeScript.
  emits: events as unknown as { [E in keyof WidgetEvents]: (detail: WidgetEvents[E]) => true },
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
