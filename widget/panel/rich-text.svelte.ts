/** What shows answers as Markdown: a part of its own, for the first answer. Until it is there, they are plain text. */
import type { Markdown } from './markdown/index.ts'

/** The part, once it is loaded. */
export class RichText {
  component = $state.raw<typeof Markdown>()
  #load: (() => Promise<typeof Markdown>) | undefined

  constructor(load: () => Promise<typeof Markdown>) {
    this.#load = load
  }

  /** Begins to load it. Where that fails, answers stay plain text: they can be read, and nobody needs to be told. */
  load = (): void => {
    this.#load?.().then(
      (component) => (this.component = component),
      () => {},
    )
    this.#load = undefined
  }
}
