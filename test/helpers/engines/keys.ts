/** WebDriver's words for a mouse and a keyboard, which Firefox and WebKitGTK share. */

/** The code points that stand for keys without a character. */
const codes: Record<string, string> = {
  ...{ Backspace: '\uE003', Tab: '\uE004', Enter: '\uE007', Shift: '\uE008', Control: '\uE009', Alt: '\uE00A' },
  ...{ Escape: '\uE00C', PageUp: '\uE00E', PageDown: '\uE00F', End: '\uE010', Home: '\uE011', Delete: '\uE017' },
  ...{ ArrowLeft: '\uE012', ArrowUp: '\uE013', ArrowRight: '\uE014', ArrowDown: '\uE015', Space: ' ', '\n': '\uE007' },
}

/** The input devices and what they do, as `performActions` takes it. */
export type Actions = Record<string, unknown>[]

/** One click at a point of the viewport. */
export const clickAt = (x: number, y: number): Actions => [
  {
    ...{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' } },
    actions: [
      { type: 'pointerMove', duration: 0, x: Math.round(x), y: Math.round(y) },
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ],
  },
]

/** Keys one after the other. */
export const typing = (text: string): Actions => keyboard(charactersOf(text).flatMap((key) => [down(key), up(key)]))

/** Keys held together, and let go in the opposite order. */
export const pressing = (keys: string[]): Actions => keyboard([...keys.map(down), ...keys.toReversed().map(up)])

const keyboard = (actions: unknown[]): Actions => [{ type: 'key', id: 'keyboard', actions }]
const down = (key: string) => ({ type: 'keyDown', value: codes[key] ?? key })
const up = (key: string) => ({ type: 'keyUp', value: codes[key] ?? key })

/** What people see as single characters: a family of emoji is one key. */
export const charactersOf = (text: string): string[] =>
  [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)].map(({ segment }) => segment)
