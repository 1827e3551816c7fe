/**
 * The one line `widget.js` reads at every page view: whether there is a conversation worth looking after, and how much of
 * it is unread. In localStorage, since that is read at once and reading it creates nothing; a page view without a marker
 * leaves no trace. Other tabs hear of a change by the browser's own `storage` event.
 */

/** What is known of a conversation without asking anybody. */
export interface Marker {
  /** Messages that arrived while the panel was closed. */
  unread: number
  /** When the conversation last had news, in milliseconds since 1970. */
  at: number
}

const prefix = 'lumika:'

/** Reads a marker. Null where there is none, or storage is blocked, or somebody else has written there. */
export function readMarker(name: string): Marker | null {
  try {
    const { unread, at } = JSON.parse(localStorage.getItem(prefix + name) ?? '') as Partial<Marker>
    return typeof at === 'number' ? { unread: Math.max((unread as number) | 0, 0), at } : null
  } catch {
    return null
  }
}

/** Writes a marker, or takes it away. Never throws. */
export function writeMarker(name: string, marker: Marker | null): void {
  try {
    if (marker) localStorage.setItem(prefix + name, JSON.stringify(marker))
    else localStorage.removeItem(prefix + name)
  } catch {
    // Blocked or full: this visit goes on without one.
  }
}

/** Hears of markers that other tabs write. Returns the function that ends it. */
export function watchMarker(listener: () => void): () => void {
  addEventListener('storage', listener)
  return () => removeEventListener('storage', listener)
}
