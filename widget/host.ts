/** The one element of ours in the page, and the wall around what is in it. */
import css from './launcher.css?inline'

/** Our place in the page. */
export interface Host {
  element: HTMLElement
  root: ShadowRoot
  remove(): void
}

/** Puts the host element at the end of the body. */
export function createHost(look: { position: string; theme: string; accent: string }): Host {
  // A dashed name that is never registered: the page can find and style it, and no registry is touched.
  const element = document.createElement('lumika-chat')
  const root = element.attachShadow({ mode: 'open' })
  adopt(root, css)
  element.dataset.position = look.position
  element.dataset.theme = look.theme
  // Through the CSSOM, which a strict style-src leaves alone, and under a private name: `--lumika-accent` is the page's.
  element.style.setProperty('--_accent', look.accent)
  element.style.setProperty('--_on-accent', readableOn(look.accent))
  // Inside a shadow root the page sees key events as the host's own, so its shortcuts would fire while somebody types.
  // Stopped at the host and not at the root: Svelte hears them at the root, and passes on none that was stopped there.
  for (const type of ['keydown', 'keypress', 'keyup']) element.addEventListener(type, (e) => e.stopPropagation())
  document.body.append(element)
  return { element, root, remove: () => element.remove() }
}

/** Adds a style sheet to a shadow root. A constructed sheet passes `style-src 'self'`, which a style element does not. */
export function adopt(root: ShadowRoot, text: string): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(text)
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
}

/** Black or white, whichever contrasts more with a colour (WCAG 2.2, relative luminance). */
export function readableOn(colour: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const part = parseInt(colour.slice(start, start + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  // Contrast with white and with black is equal at this luminance.
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff'
}
