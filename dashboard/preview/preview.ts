/**
 * The page in the frame of the Dashboard that shows the chat as visitors get it: the built `widget.js`, over a backend in
 * memory. Security: the page is sandboxed, so it has nobody's cookies, keeps nothing, and reaches nothing of the Dashboard.
 */
import { createMemoryAdapter } from '../../adapters/memory.ts'
import type { MemoryAdapter, MemoryStore } from '../../adapters/memory.ts'
import { tellByLanguage } from '../../protocol.ts'
import type { LumikaGlobal } from '../../widget/embed.ts'
import type { WidgetOptions } from '../../widget/options.ts'
import type { WidgetLook } from '../api/types.ts'
import css from './preview.css?inline'
import { sceneIn } from './scene.ts'
import type { Said, Scene } from './scene.ts'

const { Lumika } = window as unknown as { Lumika: LumikaGlobal }
const { documentElement: page } = document

// What is shown changes while somebody types in the Dashboard. The focus is taken only from this page itself.
const { focus } = HTMLElement.prototype
HTMLElement.prototype.focus = function (options) {
  if (document.hasFocus()) focus.call(this, options)
}

/** Conversations of which something can be seen: one that goes on, and one that was resolved. */
const example = 'example'
const resolved = 'resolved'
const store: MemoryStore = new Map()
const reply = () => 'This is a preview: nobody answers, and nothing is sent or kept.'
const memory = createMemoryAdapter({ store, reply })
const adapter: MemoryAdapter = {
  ...memory,
  async history(request) {
    const page = await memory.history(request)
    return request.conversationId === resolved ? { ...page, resolved: true } : page
  },
  // What visitors think is offered to be said, and goes nowhere.
  extras: { rate: async () => {}, score: async () => {} },
}

/** Options by their names: those left out of the next scene have to go, too. */
const names = [
  'title',
  'greeting',
  'placeholder',
  'accent',
  'radius',
  'font',
  'size',
  'offset',
  'zIndex',
  'invite',
  'position',
  'theme',
  'locale',
  'launcher',
  'texts',
  'hours',
  'form',
  'rating',
  'feedback',
  'sound',
  'titleCount',
] as const

const widget = Lumika.mountWidget({ adapter, name: 'preview' })
adopt(document, css)
// That nothing is kept is the sandbox's doing, and nothing that visitors read.
const host = document.querySelector('lumika-chat')?.shadowRoot
if (host) adopt(host, '.notice { display: none }')

/** Puts an example there. */
async function tell(conversationId: string): Promise<void> {
  const question = { conversationId, clientMessageId: 'message-of-an-example', text: 'Hello!' }
  for await (const { event } of createMemoryAdapter({ store, reply, delayMs: 0 }).send(question)) {
    if (event.type === 'done') return
  }
}

const optionsOf = (look: WidgetLook): Partial<WidgetOptions> => {
  const told = tellByLanguage(look)
  return Object.fromEntries(names.map((name) => [name, told[name]]))
}

function show({ look, isOpen, hasMessages, isResolved, isDark, isRightToLeft, locale }: Scene): void {
  page.dir = isRightToLeft ? 'rtl' : 'ltr'
  page.lang = locale
  page.dataset['theme'] = isDark ? 'dark' : 'light'
  const theme = look.theme === 'light' || look.theme === 'dark' ? look.theme : isDark ? 'dark' : 'light'
  // The adapter asks nobody for proof.
  const conversationId = isResolved ? resolved : hasMessages ? example : ''
  const identity = { conversationId, userHash: conversationId && '0' }
  widget.update({ ...optionsOf(look), ...identity, theme })
  if (widget.isOpen !== isOpen) widget.toggle()
}

function adopt(place: Document | ShadowRoot, text: string): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(text)
  place.adoptedStyleSheets = [...place.adoptedStyleSheets, sheet]
}

const say = (said: Said): void => parent.postMessage(said, location.origin)

await tell(example)
await tell(resolved)
addEventListener('message', ({ data, origin, source }) => {
  // A sandboxed page has no origin; its address is still the server's, which is the Dashboard's origin.
  if (source !== parent || origin !== location.origin) return
  const scene = sceneIn(data)
  if (scene) show(scene)
})
widget.on('open', () => say({ lumika: 'open', isOpen: true }))
widget.on('close', () => say({ lumika: 'open', isOpen: false }))
say({ lumika: 'ready' })
