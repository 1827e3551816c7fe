/** A part of the panel that has a file of its own, loaded when it is needed. */

/** The part, once it is loaded. */
export class LazyPart<T> {
  value = $state.raw<T>()
  /** It could not be loaded; `load` tries again. */
  hasFailed = $state.raw(false)
  #get: () => Promise<T>
  #isLoading = false

  constructor(get: () => Promise<T>) {
    this.#get = get
  }

  /** Begins to load it, unless it is there or on its way. */
  load = (): void => {
    if (this.#isLoading || this.value) return
    this.#isLoading = true
    this.hasFailed = false
    this.#get().then(
      (value) => (this.value = value),
      () => {
        this.#isLoading = false
        this.hasFailed = true
      },
    )
  }
}
