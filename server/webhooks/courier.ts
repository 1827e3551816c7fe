/** Delivers what is queued for one webhook: a few at a time, in order inside a conversation, as long as it takes. */
import type { Logger } from '../logger.ts'
import { isLogError } from '../storage/log.ts'
import type { ConversationLog } from '../storage/log.ts'
import { ship } from './attempts.ts'
import type { ShippingOptions } from './attempts.ts'
import { bodyOf } from './events.ts'
import type { Attempt, Journal } from './journal.ts'
import { createQueue } from './queue.ts'
import type { Pending } from './queue.ts'
import type { KnownWebhook } from './registrations.ts'
import { nextDelay, retryAfterMs } from './retries.ts'

/** What couriers need. */
export interface CourierOptions extends ShippingOptions {
  log: ConversationLog
  journal: Journal
  logger: Logger
  /** This process, among all that there ever were. */
  owner: string
  /** How long an attempt may show no outcome before another process makes the next, in milliseconds. */
  leaseMs: number
  delays: readonly number[]
  monotonic: () => number
  /** The receiver is gone for good, and says so. */
  onGone: (webhookId: string) => Promise<unknown>
}

/** Delivers to one webhook. */
export interface Courier {
  /** Looks at its queue anew: at a day's journal, or all. Delivers what is due. */
  wake(day?: string): void
  /** Lets what is under way come to an end within the grace, then ends it. */
  close(graceMs: number): Promise<void>
}

/** Requests to one receiver at a time. */
const mostAtOnce = 4
/** Milliseconds before what failed for storage, or was not announced, is looked at again. */
const lookAgainMs = 5_000

/** Makes the courier of a webhook. @param webhook how it is registered at the moment; null: no more */
export function createCourier(options: CourierOptions, webhookId: string, webhook: () => KnownWebhook | null): Courier {
  const { log, journal, logger, owner, leaseMs, delays, now, monotonic } = options
  const queue = createQueue({ webhookId, journal, now, monotonic })
  const running = new Map<string, Promise<void>>()
  const ending = new AbortController()
  let isClosing = false
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Starts what is due, and comes back when more is. */
  function deliver(): void {
    const { paused = true } = webhook() ?? {}
    if (isClosing || paused) return
    const busy = new Set<string>()
    let waitMs = Infinity
    for (const one of queue.pending()) {
      const { event, claim, due } = one
      const leaseLeft = claim && claim.owner !== owner ? claim.since + leaseMs - monotonic() : 0
      const dueIn = due - now()
      if (running.has(event.id) || leaseLeft > 0) busy.add(event.conversation)
      if (leaseLeft > 0) waitMs = Math.min(waitMs, leaseLeft)
      else if (dueIn > 0) waitMs = Math.min(waitMs, dueIn)
      else if (!busy.has(event.conversation)) {
        if (running.size >= mostAtOnce) break
        busy.add(event.conversation)
        start(one)
      }
    }
    clearTimeout(timer)
    if (waitMs === Infinity) return
    // A timer takes no more than 2^31 ms.
    timer = setTimeout(deliver, Math.min(Math.max(waitMs, 1), 3_600_000))
    if (typeof timer === 'object') timer.unref()
  }

  function start(one: Pending): void {
    const done = attempt(one)
      .then(() => queue.refresh(one.day))
      .then(
        () => 0,
        (error: unknown) => {
          logger.warn('webhook: a delivery is put off', { webhookId, error })
          return lookAgainMs
        },
      )
      .then((waitMs) => {
        running.delete(one.event.id)
        if (waitMs === 0) deliver()
        else lookAgain()
      })
    running.set(one.event.id, done)
  }

  async function attempt({ event, n: before, tries, claim }: Pending): Promise<void> {
    const n = before + 1
    const base = { type: 'attempt' as const, eventId: event.id, n }
    if (claim) {
      // Whoever made it is lost, or was this process before it lost its storage. It may have been delivered.
      const at = new Date(now()).toISOString()
      const lost: Attempt = { ...base, tries, at, durationMs: 0, error: 'interrupted', state: 'queued', next: at }
      return journal.settle(webhookId, event, lost)
    }
    if (log.shared && !(await journal.claim(webhookId, event, n, owner))) return
    const [known, body] = [webhook(), await bodyOf(log, event.id, event)]
    if (!known) return
    if (body === null) {
      const at = new Date(now()).toISOString()
      const outcome = { tries: tries + 1, at, durationMs: 0, error: 'record_erased' as const, state: 'failed' as const }
      return journal.settle(webhookId, event, { ...base, ...outcome })
    }
    const { url, secret } = known
    const { retryAfter, ...arrival } = await ship(options, { url, secret, eventId: event.id, body }, ending.signal)
    await journal.settle(webhookId, event, { ...base, ...arrival, ...verdict(arrival, tries, retryAfter) })
    if (arrival.status === 410) {
      logger.warn('webhook: paused, since its receiver says that it is gone', { webhookId })
      await options.onGone(webhookId)
    }
  }

  function verdict(
    { status = 0, error }: Pick<Attempt, 'status' | 'error'>,
    before: number,
    retryAfter: string | null,
  ) {
    if (status >= 200 && status < 300) return { tries: before + 1, state: 'delivered' as const }
    const soon = { state: 'queued' as const, next: new Date(now()).toISOString() }
    // It waits until somebody lets the webhook go on, or until this server is there again.
    if (status === 410 || error === 'interrupted') return { tries: before, ...soon }
    const delay = nextDelay(delays, before + 1, retryAfterMs(retryAfter, now()))
    if (delay === null) return { tries: before + 1, state: 'failed' as const }
    return { tries: before + 1, state: 'queued' as const, next: new Date(now() + delay).toISOString() }
  }

  function lookAgain(): void {
    const later = setTimeout(() => courier.wake(), lookAgainMs)
    if (typeof later === 'object') later.unref()
  }

  const courier: Courier = {
    wake(day) {
      if (isClosing) return
      queue.refresh(day).then(deliver, (error: unknown) => {
        if (isClosing) return
        if (!isLogError(error)) logger.error('webhook: its queue cannot be read', { webhookId, error })
        lookAgain()
      })
    },
    async close(graceMs) {
      isClosing = true
      clearTimeout(timer)
      const end = setTimeout(() => ending.abort(), graceMs)
      await Promise.all(running.values())
      clearTimeout(end)
    },
  }
  return courier
}
