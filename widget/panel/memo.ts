/** What the visitor has chosen or answered once, in a word: kept in the browser after they did, and only then. */

const prefix = 'lumika:'
/** For this visit, where the browser keeps nothing. */
const kept = new Map<string, string>()

/** Reads a word. Creates nothing. */
export function recall(name: string): string | undefined {
  try {
    return localStorage.getItem(prefix + name) ?? kept.get(name)
  } catch {
    return kept.get(name)
  }
}

/** Keeps a word; without one, forgets it. Never throws. */
export function remember(name: string, word?: string): void {
  try {
    kept.delete(name)
    if (word === undefined) localStorage.removeItem(prefix + name)
    else localStorage.setItem(prefix + name, word)
  } catch {
    if (word !== undefined) kept.set(name, word)
  }
}
