/** How long anybody waits for Redis: long enough for a slow moment, short enough for the person at the other end. */
export const redisLimits = {
  /** Milliseconds until an unanswered command fails. */
  commandTimeout: 1_500,
  connectTimeout: 1_500,
  maxRetriesPerRequest: 1,
  /** A write must fail at once when Redis is away, never wait in the dark and happen later. */
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  keepAlive: 10_000,
  /** A replica that was promoted over refuses writes: look for the new master. */
  reconnectOnError: (error: Error): boolean => error.message.startsWith('READONLY'),
  /** Backs off to 2 s, spread out, so that many processes do not come back in one wave. */
  retryStrategy: (attempt: number): number =>
    Math.min(100 * 2 ** Math.min(attempt, 5), 2_000) * (0.5 + Math.random() / 2),
}
