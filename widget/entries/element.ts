/** The chat as an element of your own markup, for whatever writes HTML. Importing it registers nothing. */
import type { WidgetEvents, WidgetHandle } from '../contract.ts'
import type { WidgetOptions } from '../options.ts'
import { createChat } from './_chat.ts'

/** A chat as long as the element is in the document. It dispatches the chat's events on itself; they do not bubble. */
export interface LumikaChatElement extends HTMLElement {
  /** Options that no attribute can hold, and any others. They count before attributes. */
  options: WidgetOptions
  /** The handle, null while the chat is not on the page. */
  readonly chat: WidgetHandle | null
  addEventListener<E extends keyof WidgetEvents>(
    type: E,
    listener: (event: CustomEvent<WidgetEvents[E]>) => void,
    options?: boolean | AddEventListenerOptions,
  ): void
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void
}

/** The attributes: options as on the script tag, without `data-`. */
const attributes = [
  ...['integration-token', 'server-url', 'name', 'conversation-id', 'user-hash', 'user-jwt', 'locale', 'title'],
  ...['greeting', 'placeholder', 'position', 'theme', 'accent', 'radius', 'font', 'size', 'offset', 'z-index', 'mode'],
  ...['target', 'launcher', 'open', 'poll-interval', 'image-hosts', 'config'],
  ...['sound', 'title-count', 'rating', 'typing', 'erase', 'attachments'],
]

/**
 * Registers the element; where it is registered already, or there is no page, nothing happens.
 * @param name The tag. The widget's own host on the page goes by the default, too, and is told apart by its shadow root.
 */
export function defineLumikaElement(name = 'lumika-chat'): void {
  if (typeof customElements === 'undefined' || customElements.get(name)) return
  customElements.define(
    name,
    class extends HTMLElement implements Pick<LumikaChatElement, 'options' | 'chat'> {
      static observedAttributes = attributes
      chat: WidgetHandle | null = null
      #options: WidgetOptions = {}
      #place = createChat((event, detail) => this.dispatchEvent(new CustomEvent(event, { detail })))
      #isDue = false

      get options() {
        return this.#options
      }

      set options(options) {
        this.#options = options
        this.#refresh()
      }

      connectedCallback() {
        // Set before the element was known, it hides the property of the class.
        const { options } = this
        delete (this as Partial<LumikaChatElement>).options
        this.options = options
      }

      disconnectedCallback() {
        this.#refresh()
      }

      attributeChangedCallback() {
        this.#refresh()
      }

      /** Once for all changes of a moment: an element that is only moved keeps its chat. */
      #refresh() {
        if (this.#isDue) return
        this.#isDue = true
        queueMicrotask(() => {
          this.#isDue = false
          const options = { ...readAttributes(this), ...this.#options }
          const isMine = this.isConnected && !this.shadowRoot && (options.integrationToken || options.adapter)
          if (isMine && this.chat) this.#place.update(options)
          else if (isMine) this.chat = this.#place.mount(options)
          else if (this.chat) {
            this.#place.unmount()
            this.chat = null
          }
        })
      }
    },
  )
}

function readAttributes(element: Element): WidgetOptions {
  const found = attributes.flatMap((name) => {
    const value = element.getAttribute(name)
    return value === null ? [] : [[name.replace(/-./g, ([, letter = '']) => letter.toUpperCase()), value]]
  })
  return Object.fromEntries(found) as WidgetOptions
}
