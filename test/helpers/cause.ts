/**
 * What a request causes, told apart from what a server does by itself at the same time: looking for turns, putting the
 * inbox in order, sending webhooks, for whatever was written before.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Lumika } from '../../server/index.ts'

const requests = new AsyncLocalStorage<{ isServed: boolean }>()

/** Whether what runs now was caused by a request that is being answered, or by one that was refused. */
export const isAsked = (): boolean => requests.getStore()?.isServed === false

/** The same server; what its answers cause can be told by `isAsked`. */
export function causing(lumika: Lumika): Lumika {
  return {
    ...lumika,
    fetch: (request) => {
      const cause = { isServed: false }
      return requests.run(cause, async () => {
        const answer = await lumika.fetch(request)
        // What a message sets going after its answer has begun is nobody's question any more; a refused one may set nothing going.
        cause.isServed = answer.ok
        return answer
      })
    },
  }
}
