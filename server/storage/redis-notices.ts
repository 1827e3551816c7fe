/** One subscription a process, however many wait for news; it comes back by itself and says when it was away. */
import type { Redis } from 'ioredis'
import type { Lane, Notice } from './log.ts'
import { redisLimits } from './redis-limits.ts'

/** Milliseconds between checks that the connection still lives: a dead peer sends no sign. */
const pingMs = 10_000

export interface RedisNoticesOptions {
  connect: () => Redis
  channel: string
  onNotice: (notice: Notice) => void
  /** Where what is not kept comes in. */
  signals: string
  onSignal: (text: string) => void
}

/** Resolves once the subscription stands for the first time. */
export async function openRedisNotices({
  connect,
  channel,
  onNotice,
  signals,
  onSignal,
}: RedisNoticesOptions): Promise<{ close: () => void }> {
  let connection: Redis | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let attempts = 0
  let isClosed = false

  const ping = setInterval(() => {
    if (connection?.status === 'ready') connection.ping().catch(() => connection?.disconnect())
  }, pingMs)
  ping.unref()

  function close(): void {
    isClosed = true
    clearInterval(ping)
    clearTimeout(timer)
    connection?.disconnect()
  }

  async function subscribe(): Promise<void> {
    const mine = connect()
    connection = mine
    // Every failure ends in 'end' below.
    mine.on('error', () => {})
    mine.on('message', (from: string, text: string) => {
      if (from === signals) return onSignal(text)
      const notice = parse(text)
      if (notice) onNotice(notice)
    })
    try {
      await mine.connect()
      await mine.subscribe(channel, signals)
    } catch (error) {
      mine.disconnect()
      throw error
    }
    attempts = 0
    if (mine.status === 'ready') mine.once('end', again)
    else again()
  }

  function again(): void {
    if (isClosed) return
    timer = setTimeout(() => {
      subscribe().then(() => onNotice('resync'), again)
    }, redisLimits.retryStrategy(++attempts))
    timer.unref()
  }

  try {
    await subscribe()
  } catch (error) {
    close()
    throw error
  }
  return { close }
}

function parse(text: string): Notice | null {
  const [conversation, lane, position] = text.split(' ')
  if (!conversation || !lane || !position) return null
  return { conversation, lane: lane as Lane, position: Number(position) }
}
