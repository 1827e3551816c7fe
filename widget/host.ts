/** The one element of ours in the page, and the wall around what is in it. */
import css from './launcher.css?inline'
import type { WidgetOptions } from './options.ts'

/** Our place in the page. */
export interface Host {
  element: HTMLElement
  root: ShadowRoot
  /** Whether the chat has a place in the page: then it is always open, and has no launcher. */
  isPlaced: boolean
  show(options: WidgetOptions): void
  /** Puts the element back where a page that rewrote itself has thrown it out. */
  attach(): void
  remove(): void
}

/** Puts the host element on the page. */
export function createHost(isPlaced: boolean): Host {
  // A dashed name that is never registered: the page can find and style it, and no registry is touched.
  const element = document.createElement('lumika-chat')
  const root = element.attachShadow({ mode: 'open' })
  adopt(root, css)
  // Beside the body, not in it: routers such as Turbo swap the body for another, and the chat is to stay.
  const attach = () => element.isConnected || document.documentElement.append(element)
  attach()
  return {
    element,
    root,
    isPlaced,
    attach,
    remove: () => element.remove(),
    show({ position = 'right', theme = 'auto', accent: given = '' }) {
      const accent = /^#[0-9a-f]{6}$/i.test(given) ? given : '#3b5bdb'
      // A word that the style sheets do not know is as good as none.
      Object.assign(element.dataset, { position, theme })
      setLook(element, { accent, 'on-accent': readableOn(accent) })
    },
  }
}

/** Tells the style sheets in the shadow root what was set. By private names: `--lumika-accent` and the like are the page's. */
export function setLook(element: HTMLElement, look: Record<string, string>): void {
  // By the CSSOM, which a strict style-src leaves alone.
  for (const name in look) element.style.setProperty(`--_${name}`, look[name] ?? '', 'important')
}

/** Adds a style sheet to a shadow root. A constructed sheet passes `style-src 'self'`, which a style element does not. */
export function adopt(root: ShadowRoot, text: string): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(text)
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
}

/** Black or white, whichever contrasts more with a colour (WCAG 2.2, relative luminance; 2.2 is the mean exponent). */
export function readableOn(colour: string): string {
  const rgb = parseInt(colour.slice(1), 16)
  const light = (shift: number) => (((rgb >> shift) & 255) / 255) ** 2.2
  // Contrast with white and with black is equal at this luminance.
  return 0.2126 * light(16) + 0.7152 * light(8) + 0.0722 * light(0) > 0.179 ? '#000' : '#fff'
}
