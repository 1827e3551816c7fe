/** Where the focus is on a page, and whether everybody can see it. */
import type { Page } from 'playwright'

/** What has the focus: its name, or what is wrong with the sign of it. */
export interface Focus {
  /** How a person would call it: `textbox Reply`. */
  name: string
  /** Why it cannot be seen; empty where it can. */
  problems: string[]
}

/** Looks at what has the focus: there has to be a sign of it, on the screen, whole, and behind nothing. */
export const focusOf = (page: Page): Promise<Focus> => page.evaluate(lookAtFocus)

/** Runs in the page, in any engine. It sees into open shadow roots. */
export function lookAtFocus(): Focus {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  if (!element || element === document.body) return { name: 'nothing', problems: ['nothing has the focus'] }
  const label = element.getAttribute('aria-label') ?? (element as HTMLInputElement).labels?.[0]?.textContent
  const text = (label ?? element.textContent).replace(/\s+/g, ' ').trim().slice(0, 40)
  const name = `${element.getAttribute('role') ?? element.tagName.toLowerCase()} ${text}`

  /** Pixels that a sign takes up around an element; null: it has none. */
  const reachOf = (each: Element): number | null => {
    const { outlineStyle, outlineWidth, outlineOffset, outlineColor } = getComputedStyle(each)
    // The browser's own is as wide as the browser wants it.
    const isWide = outlineStyle === 'auto' || parseFloat(outlineWidth) >= 2
    const isSeen = outlineStyle !== 'none' && isWide && !/, 0\)|transparent/.test(outlineColor)
    return isSeen ? Math.max(0, parseFloat(outlineWidth) + parseFloat(outlineOffset)) : null
  }
  // A text box may have its sign around what it stands in.
  const bearer = [element, element.parentElement, element.closest('form')].find(
    (each) => each && reachOf(each) !== null,
  )
  if (!bearer) return { name, problems: ['there is no sign of it'] }

  const problems: string[] = []
  const reach = reachOf(bearer) ?? 0
  const { left, top, right, bottom } = bearer.getBoundingClientRect()
  const sign = { left: left - reach, top: top - reach, right: right + reach, bottom: bottom + reach }
  const isInside = (box: { left: number; top: number; right: number; bottom: number }): boolean =>
    sign.left >= box.left - 1 && sign.top >= box.top - 1 && sign.right <= box.right + 1 && sign.bottom <= box.bottom + 1
  if (!isInside({ left: 0, top: 0, right: innerWidth, bottom: innerHeight })) problems.push('it reaches off the screen')
  for (let around = bearer.parentElement; around; around = around.parentElement) {
    const isCutting = getComputedStyle(around).overflow !== 'visible'
    if (isCutting && !isInside(around.getBoundingClientRect())) problems.push(`it is cut off by .${around.className}`)
  }
  // What is hit just inside its edges and in its middle is itself, or stands in it.
  const root = element.getRootNode() as Document | ShadowRoot
  const [x, y] = [(left + right) / 2, (top + bottom) / 2]
  const inset = 5
  for (const [atX, atY] of [
    ...[[x, y]],
    ...[
      [x, top + inset],
      [x, bottom - inset],
    ],
    ...[
      [left + inset, y],
      [right - inset, y],
    ],
  ] as [number, number][]) {
    const hit = root.elementFromPoint(atX, atY)
    if (!hit || !bearer.contains(hit)) problems.push(`${hit?.tagName.toLowerCase()} .${hit?.className} is over it`)
  }
  return { name, problems }
}
