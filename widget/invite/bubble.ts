/** The invitation as it is seen and heard. */

/** What becomes of it. */
export interface BubbleOptions {
  onAccept: () => void
  onClose: () => void
}

/** The bubble: nothing, until it says something. */
export interface Bubble {
  element: HTMLElement
  show(text: string): void
  hide(): void
}

/** Makes a bubble. */
export function createBubble({ onAccept, onClose }: BubbleOptions): Bubble {
  const element = document.createElement('div')
  element.className = 'invite'
  // It is there before its text, so that what appears in it is read aloud.
  const status = document.createElement('div')
  status.setAttribute('role', 'status')
  const accept = document.createElement('button')
  accept.className = 'text'
  accept.dir = 'auto'
  accept.onclick = onAccept
  const close = document.createElement('button')
  close.className = 'shut'
  // As on the launcher: no language is loaded before the visitor acts.
  close.lang = 'en'
  close.title = 'Close'
  close.setAttribute('aria-label', close.title)
  close.onclick = onClose
  element.append(status)
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    // The page may have a use for it, too.
    event.stopPropagation()
    onClose()
  })
  return {
    element,
    show(text) {
      // What is said already is not to be said again.
      if (accept.isConnected && accept.textContent === text) return
      accept.textContent = text
      status.append(accept)
      element.append(close)
    },
    hide() {
      accept.remove()
      close.remove()
    },
  }
}
