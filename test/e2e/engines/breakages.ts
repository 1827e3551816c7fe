/** Ways in which a browser's storage breaks, each as a script that does to a page what the browser would. */

/** Gathers what goes wrong on a page, from before anything of ours runs, for `troublesOn`. */
export const watcher = `<script>
  window.troubles = []
  addEventListener('error', ({ message }) => window.troubles.push(message))
  addEventListener('unhandledrejection', ({ reason }) => window.troubles.push('unhandled: ' + reason))
</script>`

/** Runs in the page: what has gone wrong. */
export const troubles = (): string[] => (window as unknown as { troubles: string[] }).troubles

/** A request that somebody else settles. */
const failing = (name: string): string => `function () {
  const request = new EventTarget()
  request.error = new DOMException('It broke.', '${name}')
  setTimeout(() => request.onerror?.(new Event('error')))
  return request
}`
const opening = (how: string): string => `IDBFactory.prototype.open = ${how}`
const instead = (descriptor: string): string =>
  `Object.defineProperty(window, 'indexedDB', { configurable: true, ${descriptor} })`

/** From the first moment on there is nothing to be read. */
export const closed: Record<string, string> = {
  'B81: there is no indexedDB': instead('value: undefined'),
  'B81: asking for indexedDB throws a SecurityError': instead(
    `get() { throw new DOMException('The operation is insecure.', 'SecurityError') }`,
  ),
  'B81: opening fails with an UnknownError': opening(failing('UnknownError')),
  'B81: opening throws an InvalidStateError': opening(
    `function () { throw new DOMException('Not here.', 'InvalidStateError') }`,
  ),
  'B82: opening never comes to an end': opening('function () { return new EventTarget() }'),
}

/** What is there can be read, and nothing is written, while `isFull`. */
export const full: Record<string, string> = {
  'B83: there is no room': `
    const { put } = IDBObjectStore.prototype
    window.isFull = true
    IDBObjectStore.prototype.put = function (...record) {
      if (window.isFull) throw new DOMException('Full.', 'QuotaExceededError')
      return put.apply(this, record)
    }`,
  'B83: the transactions that write are aborted': `
    const { put } = IDBObjectStore.prototype
    window.isFull = true
    IDBObjectStore.prototype.put = function (...record) {
      const request = put.apply(this, record)
      if (window.isFull) request.onsuccess = () => this.transaction.abort()
      return request
    }`,
}

/** Opening takes until `letGo()` is called; `wasLate` says that it has succeeded then. */
export const late = opening(`((open) => {
  const allowed = new Promise((resolve) => (window.letGo = resolve))
  return function (...args) {
    const real = open.apply(this, args)
    const request = new EventTarget()
    real.onupgradeneeded = (event) => {
      request.result = real.result
      request.onupgradeneeded?.(event)
    }
    real.onsuccess = async (event) => {
      await allowed
      request.result = real.result
      request.onsuccess?.(event)
      window.wasLate = true
    }
    return request
  }
})(IDBFactory.prototype.open)`)

/** The page's clock is wrong by so many milliseconds. */
export const clockOff = (ms: number): string => `
  const Right = Date
  window.Date = class extends Right {
    constructor(...given) {
      if (given.length) super(...given)
      else super(Right.now() + ${ms})
    }
    static now() {
      return Right.now() + ${ms}
    }
  }`
