/** The one element of ours in the page, and the wall around what is in it. */
import css from './launcher.css?inline'
import { accentOf, positionOf, themeOf } from './options.ts'
import type { WidgetOptions } from './options.ts'

/** Our place in the page. */
export interface Host {
  element: HTMLElement
  root: ShadowRoot
  show(options: WidgetOptions): void
  /** Puts the element back where a page that rewrote itself has thrown it out. */
  attach(): void
}

/** Puts the host element on the page. */
export function createHost(): Host {
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
    attach,
    show(options) {
      const accent = accentOf(options)
      element.dataset.position = positionOf(options)
      element.dataset.theme = themeOf(options)
      // By the CSSOM, which a strict style-src leaves alone, and by a private name: `--lumika-accent` is the page's.
      element.style.setProperty('--_accent', accent, 'important')
      element.style.setProperty('--_on-accent', readableOn(accent), 'important')
    },
  }
}

/** Adds a style sheet to a shadow root. A constructed sheet passes `style-src 'self'`, which a style element does not. */
export function adopt(root: ShadowRoot, text: string): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(text)
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
}

/** Black or white, whichever contrasts more with a colour (WCAG 2.2, relative luminance; 2.2 is the mean exponent). */
export function readableOn(colour: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(
    (start) => (parseInt(colour.slice(start, start + 2), 16) / 255) ** 2.2,
  )
  // Contrast with white and with black is equal at this luminance.
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000' : '#fff'
}
