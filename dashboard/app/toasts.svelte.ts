/** Short messages at the edge of the page. */

/** One of them. */
export interface Toast {
  id: number
  kind: 'good' | 'bad'
  text: string
}

/** The messages that are shown now. */
export class Toasts {
  all: Toast[] = $state.raw([])
  #next = 0

  /** Shows a message for some seconds; a bad one longer. */
  show(text: string, kind: Toast['kind'] = 'good'): void {
    const id = this.#next++
    this.all = [...this.all.slice(-2), { id, kind, text }]
    setTimeout(() => this.dismiss(id), kind === 'bad' ? 10_000 : 4_000)
  }

  dismiss(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id)
  }
}
