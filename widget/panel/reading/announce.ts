/**
 * What is read out to people who do not see it: each answer once, when it is finished. Screen readers read what changes
 * in a log at once, word by word, and what has changed while it was busy not at all, so a region of its own says it.
 */
import type { View } from '../../engine/context.ts'
import type { Bubble } from '../../engine/bubbles.ts'

/** Finds the answers that have been finished since it was asked last. Those that stood there at first are old news. */
export function createNews() {
  let known: Set<string> | undefined
  return ({ bubbles, isLoading }: Pick<View, 'bubbles' | 'isLoading'>): Bubble[] => {
    if (isLoading) known = undefined
    if (isLoading || bubbles.length === 0) {
      if (!isLoading) known = new Set()
      return []
    }
    const isFinished = ({ state }: Bubble) => state !== 'writing'
    const first = known?.size ? bubbles.findIndex(({ key }) => known?.has(key)) : 0
    const old = known
    // Another conversation, or older messages, which somebody has asked for to read them.
    const fresh = old && first >= 0 ? bubbles.slice(first).filter((one) => isFinished(one) && !old.has(one.key)) : []
    known = new Set(bubbles.filter(isFinished).map(({ key }) => key))
    return fresh.filter(({ author }) => author !== 'visitor')
  }
}

/** What stands in a bubble, without its buttons, and with a space or a line between what stands apart. */
export function textIn(bubble: Element): string {
  const copy = bubble.cloneNode(true) as Element
  for (const part of copy.querySelectorAll('button, .hidden, [aria-hidden="true"]')) part.remove()
  for (const part of copy.querySelectorAll('p, li, h1, h2, h3, h4, h5, h6, pre, blockquote, tr')) part.append('\n')
  for (const part of copy.querySelectorAll('td, th')) part.append(' ')
  return copy.textContent.trim()
}
