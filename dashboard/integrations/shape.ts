/** Typeface, sizes and place of the chat, as they are edited: all of them as words. */
import type { WidgetLook } from '../api/types.ts'

/** Empty: the chat's own. */
export interface ShapeDraft {
  font: string
  radius: string
  size: string
  offset: string
  zIndex: string
}

/** What is saved. */
export const shapeDraft = ({ font, radius, size, offset, zIndex }: WidgetLook): ShapeDraft => ({
  font: font ?? '',
  radius: `${radius ?? ''}`,
  size: size ?? 'medium',
  offset: offset ?? '',
  zIndex: `${zIndex ?? ''}`,
})

/** What is to be saved. What is no number is for the server to refuse, at its field. */
export function shapeOf(draft: ShapeDraft): Pick<WidgetLook, keyof ShapeDraft> {
  const [font, radius, offset, zIndex] = [draft.font, draft.radius, draft.offset, draft.zIndex].map((text) =>
    text.trim(),
  )
  return {
    ...(font && { font }),
    ...(radius && { radius: Number(radius) }),
    ...(draft.size !== 'medium' && { size: draft.size }),
    ...(offset && { offset }),
    ...(zIndex && { zIndex: Number(zIndex) }),
  }
}
