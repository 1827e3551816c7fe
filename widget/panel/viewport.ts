/** What of the window can be seen: on phones the keyboard lies upon the rest of it, and the page is told by this alone. */
import { setLook } from '../host.ts'

/**
 * Tells the style sheets how much of the window is seen and how far down that begins, as `--_seen` and `--_top`. Of a page
 * that is zoomed with two fingers they hear nothing: the panel is zoomed with it, and stays where it is.
 *
 * @returns what is told that the panel opens or closes; closed, it listens to nothing
 */
export function createFit(host: HTMLElement): (isOpen: boolean) => void {
  // Not every window has one.
  const view = window.visualViewport
  const fit = () => {
    const px = (length = 0) => (view && view.scale < 1.01 ? `${length}px` : '')
    setLook(host, { seen: px(view?.height), top: px(view?.offsetTop) })
  }
  return (isOpen) => {
    for (const type of ['resize', 'scroll']) view?.[isOpen ? 'addEventListener' : 'removeEventListener'](type, fit)
    fit()
  }
}
