/** Puts a text on the clipboard, from within a click. */

/**
 * Copies a text. Pages that are not served over HTTPS have no clipboard to write to: there it is copied as if by the
 * keyboard, through a text box beside the button. Resolves to whether it has been copied.
 */
export async function copyText(text: string, button: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const box = document.createElement('textarea')
    box.value = text
    box.className = 'visually-hidden'
    button.after(box)
    box.select()
    const isCopied = document.execCommand('copy')
    box.remove()
    button.focus()
    return isCopied
  }
}
