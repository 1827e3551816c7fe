/** Addresses of the Dashboard, without a reload between them. */

const base = '/dashboard'

/** Where one is: `/dashboard/activities/int_x.abc` has the parts `activities` and `int_x.abc`. */
export class Router {
  /** The parts of the path below the Dashboard's. */
  parts: string[] = $state.raw(partsOf(location.pathname))

  /** Begins to follow links and the browser's back button. Returns how to end that. */
  start(): () => void {
    addEventListener('popstate', this.#read)
    document.addEventListener('click', this.#click)
    return () => {
      removeEventListener('popstate', this.#read)
      document.removeEventListener('click', this.#click)
    }
  }

  /** Goes to a path below the Dashboard's, such as `activities`. @param how `replace`: back does not lead here */
  go(path: string, how: 'push' | 'replace' = 'push'): void {
    const address = href(path)
    if (address !== location.pathname + location.search) {
      history[how === 'push' ? 'pushState' : 'replaceState'](null, '', address)
    }
    this.#read()
  }

  #read = (): void => {
    this.parts = partsOf(location.pathname)
  }

  #click = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    // A place on the page that is shown is the browser's to find.
    if (link.hash && link.pathname === location.pathname) return
    if (link.pathname !== base && !link.pathname.startsWith(`${base}/`)) return
    // To a part of this page: the browser's own way takes the focus there.
    if (link.hash && link.pathname === location.pathname) return
    event.preventDefault()
    this.go(link.pathname.slice(base.length + 1) + link.search)
  }
}

/** The address of a path below the Dashboard's. */
export const href = (path: string): string => `${base}/${path}`

const partsOf = (path: string): string[] =>
  path
    .slice(base.length)
    .split('/')
    .filter((part) => part !== '')
    .map(decodeOr)

function decodeOr(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
