/** The Web Locks of an origin, with one lock, without a browser. */

interface Waiting {
  tab: object
  grant: () => void
  fail: (error: Error) => void
}

/** Makes it. The holder is the tab that has it. */
export function createLocks() {
  let holder: (Waiting & { isStolen?: boolean }) | null = null
  const queue: Waiting[] = []

  const next = () => {
    if (holder) return
    holder = queue.shift() ?? null
    holder?.grant()
  }

  return {
    get holder() {
      return holder?.tab
    },
    drop(tab: object) {
      for (let i = queue.length - 1; i >= 0; i--) if (queue[i]?.tab === tab) queue.splice(i, 1)
      if (holder?.tab === tab) holder = null
      next()
    },
    requestBy:
      (tab: object) =>
      (_name: string, options: { steal?: boolean; signal?: AbortSignal }, callback: () => unknown): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const aborted = () => new DOMException('Aborted.', 'AbortError')
          const mine: Waiting = {
            tab,
            fail: reject,
            grant() {
              queueMicrotask(() => {
                Promise.resolve(callback()).then((value) => {
                  if (holder !== mine) return
                  holder = null
                  resolve(value)
                  next()
                }, reject)
              })
            },
          }
          if (options.signal?.aborted) return reject(aborted())
          options.signal?.addEventListener('abort', () => {
            const at = queue.indexOf(mine)
            if (at < 0) return
            queue.splice(at, 1)
            reject(aborted())
          })
          if (options.steal) {
            holder?.fail(aborted())
            holder = mine
            mine.grant()
          } else {
            queue.push(mine)
            next()
          }
        }),
  }
}
