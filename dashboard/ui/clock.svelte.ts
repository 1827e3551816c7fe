/** The time, for what has to say how long ago something was. */
import { createSubscriber } from 'svelte/reactivity'

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, 20_000)
  return () => clearInterval(timer)
})

/** Now, in milliseconds; whatever is shown of it is shown anew every 20 seconds. */
export function clock(): number {
  subscribe()
  return Date.now()
}
