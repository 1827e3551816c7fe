/** What tabs need of the browser they are in. Each part may be missing: a tab that cannot hear of others works by itself. */

/** The tab and its browser. */
export interface Surroundings {
  isVisible(): boolean
  isOnline(): boolean
  /**
   * Hears of changes: `look` when the tab can be seen or not, or the network is there or not; `leave` when the page may
   * never run again, as when it is kept for a way back, and `return` when it does. Returns the function that ends it.
   */
  watch(listener: (what: 'look' | 'leave' | 'return') => void): () => void
  /** Locks among the tabs of an origin. */
  locks?: Pick<LockManager, 'request'> | undefined
  /** Opens a way to the other tabs of the origin. @throws where there is none */
  openChannel?: ((name: string, onMessage: (message: string) => void) => Channel) | undefined
  /** The time in milliseconds, of a clock that goes on while the computer sleeps. */
  now(): number
  /** Calls back once, later. Returns the function that prevents it. */
  after(ms: number, run: () => void): () => void
}

/** A way to the other tabs. */
export interface Channel {
  post(message: string): void
  close(): void
}
