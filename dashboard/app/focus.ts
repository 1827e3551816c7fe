/** Keeps the focus on the page: browsers drop it when what has it is taken away, and a keyboard starts from the top again. */

/**
 * From now on, what was around a focused element gets the focus when that is removed: the nearest that can have it, or the
 * page's main part. Returns how to end that.
 */
export function keepFocus(): () => void {
  /** What has the focus, and what is around that, from the inside out. */
  let chain: HTMLElement[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  const remember = ({ target }: FocusEvent): void => {
    chain = []
    for (let at = target as HTMLElement | null; at; at = at.parentElement) chain.push(at)
  }
  const isLost = (): boolean => document.activeElement === document.body && chain[0]?.isConnected === false
  // Dialogs and menus give it back by themselves, a moment after they have gone.
  const look = (): void => {
    if (isLost()) timer ??= setTimeout(putBack)
  }
  const putBack = (): void => {
    timer = undefined
    if (!isLost()) return
    const next = chain.find((each) => each.isConnected && each.hasAttribute('tabindex'))
    const place = next ?? document.getElementById('main')
    place?.focus({ preventScroll: true })
  }

  const observer = new MutationObserver(look)
  observer.observe(document.body, { childList: true, subtree: true })
  document.addEventListener('focusin', remember)
  return () => {
    clearTimeout(timer)
    observer.disconnect()
    document.removeEventListener('focusin', remember)
  }
}
