/** The number of new messages at the beginning of the page's title. The title is the page's: it gets back what it wrote. */

/** Writes into a title. */
export interface TitleCount {
  /** Shows a number; 0 gives the page its title back. */
  show(count: number): void
}

/** Begins with nothing shown. A page without a title stays without one. */
export function createTitleCount(): TitleCount {
  let element: HTMLTitleElement | null = null
  let shown = ''
  let own = ''
  let prefix = ''

  const write = () => {
    if (element) element.textContent = shown = prefix + own
  }
  /** What the page has written meanwhile; it may have begun with what it found. */
  const read = () => {
    const found = element?.textContent ?? ''
    if (found !== shown) own = prefix && found.startsWith(prefix) ? found.slice(prefix.length) : found
    return found !== shown
  }
  // Our own words end it: what has been written by us is what is shown.
  const watcher = new MutationObserver(() => {
    if (read()) write()
  })

  const begin = () => {
    element = document.head.querySelector('title')
    if (!element) return
    own = element.textContent
    watcher.observe(element, { childList: true, characterData: true, subtree: true })
  }
  const end = () => {
    watcher.disconnect()
    read()
    prefix = ''
    write()
    element = null
  }

  return {
    show(count) {
      // A page may have put another element in its place.
      if (element && (!count || !element.isConnected)) end()
      if (!count) return
      if (!element) begin()
      else read()
      prefix = `(${count}) `
      write()
    },
  }
}
