/** What somebody is writing, kept in this tab: nothing typed is lost by a reload, a log-out or a look elsewhere. */

const name = (key: string, kind: string): string => `lumika:typed:${kind}:${key}`

/** What was typed before and not sent. */
export function typed(key: string, kind: string): string {
  try {
    return sessionStorage.getItem(name(key, kind)) ?? ''
  } catch {
    return ''
  }
}

/** Keeps what is typed; an empty text is forgotten. */
export function keepTyped(key: string, kind: string, text: string): void {
  try {
    if (text) sessionStorage.setItem(name(key, kind), text)
    else sessionStorage.removeItem(name(key, kind))
  } catch {
    // A browser that keeps nothing, or has no room left: it stays in the box.
  }
}
