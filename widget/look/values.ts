/** What the options of the look come to. A value that makes no sense counts as left out: a typo must not cost a site its chat. */
import type { WidgetOptions } from '../options.ts'

/** What the style sheets are told, by name; empty: nothing. */
export function valuesOf({ radius, font, size, offset, zIndex }: WidgetOptions): Record<string, string> {
  const [width, height] = pair(named.get(size) ?? size)
  const [x, y] = pair(offset)
  return {
    // The whole is asked for, not its parts: it may not be more than a list of names.
    font: font && CSS.supports('font-family', font) ? font : '',
    radius: pixels(Number(radius ?? NaN) <= 40 ? radius : undefined),
    // Smaller, and there is no place for a text box.
    ...(Number(width) >= 240 && Number(height) >= 240
      ? { width: pixels(width), height: pixels(height) }
      : { width: '', height: '' }),
    x: pixels(x),
    y: pixels(y ?? x),
    z: `${Number(zIndex) | 0 || ''}`,
  }
}

/** The element that the chat is to fill. None: it stands in its corner. */
export function placeOf({ mode, target }: WidgetOptions): Element | null {
  if (mode === 'page') return document.documentElement
  if (mode !== 'inline' || !target) return null
  try {
    return typeof target === 'string' ? document.querySelector(target) : target
  } catch {
    return null
  }
}

const named = new Map<unknown, string>([
  ['small', '340x520'],
  ['large', '460x760'],
])

/** `20x80` or `20`, as words: on a tag everything is one. */
function pair(value: unknown): [one?: string, other?: string] {
  const [, one, other] = /^(\d{1,4})(?:x(\d{1,4}))?$/.exec(`${value}`) ?? []
  return [one, other] as [string?, string?]
}

const pixels = (value: unknown): string => (/^\d+(\.\d+)?$/.test(`${value}`) ? `${value}px` : '')
