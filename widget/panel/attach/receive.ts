/** Files that are dropped on the panel, or pasted into it. */

/** What is done with them. */
export interface Receiver {
  add: (files: readonly File[]) => void
  /** Files are held over the panel, or no more. */
  onOver: (isOver: boolean) => void
}

/** Listens on the panel; what is called `.dropping` lies over it while files are held over it. Returns what ends it. */
export function receive(panel: HTMLElement, { add, onOver }: Receiver): () => void {
  const life = new AbortController()
  const on = <T extends keyof HTMLElementEventMap>(type: T, run: (event: HTMLElementEventMap[T]) => void) =>
    panel.addEventListener(type, run, { signal: life.signal })
  /** Neither the browser nor the page, which may take files itself, is to have them as well. */
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
    if ((target as Element).matches('.dropping')) onOver(false)
  })
  on('drop', (event) => {
    onOver(false)
    const { items, files } = event.dataTransfer ?? {}
    if (!files?.length) return
    take(event)
    add([...(items ?? [])].flatMap(fileOf))
  })
  on('paste', (event) => {
    const { files, types } = event.clipboardData ?? {}
    // Office programs put a picture of the text beside the text.
    if (!files?.length || (types?.includes('text/plain') && types.includes('text/html'))) return
    take(event)
    add([...files])
  })
  return () => life.abort()
}

/** A folder looks like a file that cannot be read: nothing is in it that could be sent. */
function fileOf(item: DataTransferItem): File | [] {
  const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null
  return entry?.isDirectory ? new File([], entry.name) : (item.getAsFile() ?? [])
}
