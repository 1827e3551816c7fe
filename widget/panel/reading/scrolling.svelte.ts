/**
 * Where the reader is. Who is at the end stays there; for who has scrolled up, what is being read stays where it is,
 * whatever grows, comes in above, or is laid out anew.
 */

/** Whoever comes so near to the end is at the end, in px. */
const NEAR = 48
/** Whoever goes up is so near to the end that it is no more than a pixel's rounding, in px. */
const ROUNDING = 2
/** So near to the beginning, older messages are wanted, in px. */
const SOON = 240

export class Scrolling {
  /** The reader is at the end, and wants to stay there. */
  isAtEnd = $state.raw(true)
  #log: HTMLElement
  #onTop: () => void
  #top = 0
  /** What is being read, and where it stands in the log. */
  #anchor: { element: Element; key: string | undefined; place: number } | undefined

  /** @param onTop the reader comes near to the beginning */
  constructor(log: HTMLElement, onTop: () => void) {
    this.#log = log
    this.#onTop = onTop
  }

  /** Goes to the end. */
  toEnd = (): void => {
    this.isAtEnd = true
    this.#log.scrollTop = this.#log.scrollHeight
    this.#top = this.#log.scrollTop
  }

  /** Follows what the reader does, and what becomes of the content. Returns how to end it. */
  watch(content: Element): () => void {
    // Called before anything is painted, so nothing is seen to move.
    const observer = new ResizeObserver(this.#keep)
    observer.observe(content)
    observer.observe(this.#log)
    this.#log.addEventListener('scroll', this.#follow, { passive: true })
    return () => {
      observer.disconnect()
      this.#log.removeEventListener('scroll', this.#follow)
    }
  }

  #follow = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.#log
    // What has grown meanwhile takes nobody away from the end.
    const isUpwards = scrollTop < this.#top
    const hasStayed = this.isAtEnd && !isUpwards
    // Also a small step up is one that somebody wanted: to a link with the focus, say, which would be gone from view.
    this.isAtEnd = hasStayed || scrollHeight - scrollTop - clientHeight < (isUpwards ? ROUNDING : NEAR)
    this.#top = scrollTop
    this.#drop()
    if (isUpwards && scrollTop < SOON) this.#onTop()
  }

  /** Remembers what is being read. */
  #drop(): void {
    const { top } = this.#log.getBoundingClientRect()
    const block = firstBelow(this.#log.getElementsByClassName('block'), top)
    const element = block && (firstBelow(block.getElementsByClassName('entry'), top) ?? block)
    const key = (element as HTMLElement | undefined)?.dataset['key']
    this.#anchor = element && { element, key, place: element.getBoundingClientRect().top - top }
  }

  #keep = (): void => {
    // Somebody has just scrolled, and nobody was told yet: by a key that leads to a link, say. They are to stay there.
    const hasMoved = this.#log.scrollTop !== this.#top
    if (hasMoved) this.#follow()
    if (this.isAtEnd) return this.toEnd()
    if (hasMoved) return
    const { key, place = 0 } = this.#anchor ?? {}
    let { element } = this.#anchor ?? {}
    // What has come before it may have it drawn anew.
    if (!element?.isConnected) element = this.#log.querySelector(`[data-key="${CSS.escape(key ?? '')}"]`) ?? undefined
    if (!element) return
    const moved = element.getBoundingClientRect().top - this.#log.getBoundingClientRect().top - place
    // Most browsers keep it in its place themselves, other than at the very beginning.
    if (Math.abs(moved) >= 1) this.#log.scrollTop += moved
    this.#top = this.#log.scrollTop
  }
}

/** The first of elements that stand below each other whose end is below a line. */
function firstBelow(elements: HTMLCollectionOf<Element>, line: number): Element | undefined {
  let [from, to] = [0, elements.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((elements[middle]?.getBoundingClientRect().bottom ?? 0) <= line) from = middle + 1
    else to = middle
  }
  return elements[from]
}
