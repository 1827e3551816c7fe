/** Files that are dropped on the panel, or pasted into it. */

/** What is done with them. */
export interface Receiver {
  add: (files: readonly File[]) => void
  /** Files are held over the panel, or no more. */
  onOver: (isOver: boolean) => void
  /** Something is written. */
  onInput: () => void
}

/**
 * Listens on the panel. @param veil tells what lies over the panel while files are held over it
 * @returns what ends it
 */
export function receive(panel: HTMLElement, { add, onOver, onInput }: Receiver): () => void {
  const life = new AbortController()
  const on = <T extends keyof HTMLElementEventMap>(type: T, run: (event: HTMLElementEventMap[T]) => void) =>
    panel.addEventListener(type, run, { signal: life.signal })
  /** Ours: neither the browser nor the page, which may take files itself, is to have it as well. */
  const take = (event: Event) => {
    event.preventDefault()
    event.stopPropagation()
  }
  const over = (event: DragEvent) => {
    const { dataTransfer } = event
    if (!dataTransfer?.types.includes('Files')) return
    take(event)
    dataTransfer.dropEffect = 'copy'
    onOver(true)
  }

  on('dragenter', over)
  on('dragover', over)
  on('dragleave', ({ target }) => {
    // While files are over the panel, the veil is over all else.
    if ((target as Element).matches('.dropping')) onOver(false)
  })
  on('drop', (event) => {
    onOver(false)
    const files = event.dataTransfer?.files
    if (!files?.length) return
    take(event)
    add([...files])
  })
  on('paste', (event) => {
    const { files, types } = event.clipboardData ?? {}
    // Office programs put a picture of the text beside the text.
    if (!files?.length || (types?.includes('text/plain') && types.includes('text/html'))) return
    take(event)
    add([...files])
  })
  on('input', ({ target }) => {
    if (target instanceof HTMLTextAreaElement) onInput()
  })
  return () => life.abort()
}
