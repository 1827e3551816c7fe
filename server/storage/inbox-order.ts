/** Conversations sorted by the time of their latest activity; ties by key, so that a cursor stays true over restarts. */

interface Slot {
  at: number
  conversation: string
  /** False when the conversation moved or went; the slot is swept later, since cutting it out now costs too much. */
  isTaken: boolean
}

export interface InboxOrder {
  add(at: number, conversation: string): void
  delete(at: number, conversation: string): void
  /** The newest conversations older than the cursor, from the newest on when it is null; or the other way round. */
  page(cursor: string | null, limit: number, isOldestFirst?: boolean): OrderPage
}

/** A part of it. */
export interface OrderPage {
  conversations: string[]
  /** Null at the end. */
  cursor: string | null
}

export function createInboxOrder(): InboxOrder {
  let slots: Slot[] = []
  let free = 0
  /** Before it no slot is taken: conversations leave the old end, and nobody is to step over what they left again and again. */
  let oldest = 0

  /** Index of the first slot that is not before the given place. */
  function indexOf(at: number, conversation: string): number {
    let low = 0
    let high = slots.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compare(slots[middle] as Slot, at, conversation) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  function forward(from: ReturnType<typeof parseCursor> | null, limit: number): OrderPage {
    const found: Slot[] = []
    for (let index = from ? indexOf(from.at, from.conversation) : oldest; index < slots.length; index++) {
      const slot = slots[index] as Slot
      if (!slot.isTaken || (from && compare(slot, from.at, from.conversation) === 0)) continue
      if (found.length === limit) return { conversations: names(found), cursor: toCursor(found.at(-1) as Slot) }
      found.push(slot)
    }
    return { conversations: names(found), cursor: null }
  }

  return {
    add(at, conversation) {
      const index = indexOf(at, conversation)
      const found = slots[index]
      if (found && compare(found, at, conversation) === 0) {
        if (!found.isTaken) free--
        found.isTaken = true
      } else if (index === slots.length) slots.push({ at, conversation, isTaken: true })
      else slots.splice(index, 0, { at, conversation, isTaken: true })
      oldest = Math.min(oldest, index)
    },

    delete(at, conversation) {
      const slot = slots[indexOf(at, conversation)]
      if (!slot?.isTaken || compare(slot, at, conversation) !== 0) return
      slot.isTaken = false
      free++
      if (free > 64 && free > slots.length / 2) {
        slots = slots.filter((one) => one.isTaken)
        free = 0
        oldest = 0
      }
      while (oldest < slots.length && !slots[oldest]?.isTaken) oldest++
    },

    page(cursor, limit, isOldestFirst = false) {
      const from = cursor === null ? null : parseCursor(cursor)
      if (isOldestFirst) return forward(from, limit)
      let index = from ? indexOf(from.at, from.conversation) : slots.length
      const found: Slot[] = []
      while (index-- > 0) {
        const slot = slots[index] as Slot
        if (!slot.isTaken) continue
        if (found.length === limit) return { conversations: names(found), cursor: toCursor(found.at(-1) as Slot) }
        found.push(slot)
      }
      return { conversations: names(found), cursor: null }
    },
  }
}

/** The cursor that continues after a conversation. */
export function toCursor(place: { at: number; conversation: string }): string {
  return `${place.at.toString(36)}~${place.conversation}`
}

/** The place a cursor names. Anything else counts as the very end, since an inbox cursor is no promise. */
export function parseCursor(cursor: string): { at: number; conversation: string } {
  const tilde = cursor.indexOf('~')
  const at = Number.parseInt(cursor.slice(0, tilde), 36)
  return tilde > 0 && Number.isSafeInteger(at)
    ? { at, conversation: cursor.slice(tilde + 1) }
    : { at: 0, conversation: '' }
}

function compare(slot: Slot, at: number, conversation: string): number {
  if (slot.at !== at) return slot.at - at
  return slot.conversation < conversation ? -1 : slot.conversation > conversation ? 1 : 0
}

const names = (slots: Slot[]): string[] => slots.map((slot) => slot.conversation)
