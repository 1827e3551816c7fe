/**
 * The messages of a conversation in blocks, and what stands around each. Of thousands of messages, those that have not
 * changed stay the same objects in the same blocks, whatever comes before and after them: nothing of them is drawn anew.
 */
import type { Bubble } from '../../engine/bubbles.ts'
import { dayOf, timeOf } from './times.ts'

/** Messages in one block: few enough to be drawn within a frame or two. */
export const BLOCK = 25

/** Messages of one author that are further apart do not belong together, in milliseconds. */
const TOGETHER_MS = 5 * 60_000

/** A message, and what stands around it. */
export interface Row {
  bubble: Bubble
  /** The day that begins with it. */
  day: number | undefined
  /** It is the first of its author's. */
  isFirst: boolean
  /** It is the last of its author's. */
  isLast: boolean
}

/** Messages that follow each other. */
export interface Block {
  /** Stays the same when older messages come in before it. */
  id: number
  rows: Row[]
  before: Bubble | undefined
  after: Bubble | undefined
}

/** Makes blocks of messages, and remembers them. `now`: when messages of which nobody has said it were written. */
export function createBlocks() {
  let blocks = new Map<number, Block>()
  /** The message that the first block began with. */
  let origin: string | undefined
  let place = 0

  return (bubbles: readonly Bubble[], now: number): Block[] => {
    if (bubbles[place]?.key !== origin) place = bubbles.findIndex(({ key }) => key === origin)
    if (place < 0 || origin === undefined) {
      place = 0
      origin = bubbles[0]?.key
    }
    const made: Block[] = []
    for (let from = 0; from < bubbles.length;) {
      const id = Math.floor((from - place) / BLOCK)
      const to = Math.min((id + 1) * BLOCK + place, bubbles.length)
      made.push(blockOf(bubbles, from, to, now, id, blocks.get(id)))
      from = to
    }
    blocks = new Map(made.map((block) => [block.id, block]))
    return made
  }
}

function blockOf(
  bubbles: readonly Bubble[],
  from: number,
  to: number,
  now: number,
  id: number,
  known: Block | undefined,
): Block {
  const [before, after] = [bubbles[from - 1], bubbles[to]]
  const part = bubbles.slice(from, to)
  const isKnown =
    known?.rows.length === part.length &&
    known.before === before &&
    known.after === after &&
    part.every((bubble, i) => known.rows[i]?.bubble === bubble)
  if (isKnown) return known
  const rows = part.map((bubble, i) => {
    const [last, next] = [bubbles[from + i - 1], bubbles[from + i + 1]]
    const day = dayOf(timeOf(bubble) ?? now)
    const row: Row = {
      bubble,
      day: last && day <= dayOf(timeOf(last) ?? now) ? undefined : day,
      isFirst: !last || !areTogether(last, bubble, now),
      isLast: !next || !areTogether(bubble, next, now),
    }
    const same = known?.rows[i]
    return same && isSame(same, row) ? same : row
  })
  return { id, rows, before, after }
}

function areTogether(one: Bubble, next: Bubble, now: number): boolean {
  const [first, second] = [timeOf(one) ?? now, timeOf(next) ?? now]
  return (
    one.author === next.author &&
    one.name === next.name &&
    second - first < TOGETHER_MS &&
    dayOf(second) <= dayOf(first)
  )
}

const isSame = (one: Row, other: Row): boolean =>
  (['bubble', 'day', 'isFirst', 'isLast'] as const).every((name) => one[name] === other[name])
