/** What people behind the chat are told of the page a message is sent from. Looked up only when one is sent. */

/** Nothing, where the page has made something else of what is asked. Long values are cut, lest the message is refused. */
export function pageFacts(): Record<string, unknown> {
  try {
    return {
      // Secrets stand in queries and fragments.
      page: (location.origin + location.pathname).slice(0, 500),
      title: document.title.slice(0, 500),
      locale: navigator.language,
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }
  } catch {
    return {}
  }
}
