/** Who is logged in: sessions in memory, stored as ledgers, one for each ninety days, so that none grows for ever. */
import { cryptoRandom, randomBase64Url, sha256 } from '../random.ts'
import type { RandomSource } from '../random.ts'
import type { ConversationLog } from '../storage/log.ts'
import { createLedger } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import type { OperatorAccount, Operators } from './operators.ts'

/** Options of `createSessions`. */
export interface SessionsOptions {
  log: ConversationLog
  operators: Pick<Operators, 'get' | 'onChange'>
  /** Milliseconds since 1970. */
  now: () => number
  /** Where the secrets of sessions come from. @default crypto.getRandomValues */
  random?: RandomSource
}

/** The sessions of a server. Those that store or read throw LogError where storage is away. */
export interface Sessions {
  /** Begins a session. Returns its secret, which is kept hashed. */
  begin(operator: OperatorAccount): Promise<string>
  /** Whose session it is; null when it is over. @param isUse whether it counts as a sign of life. @default true */
  resolve(secret: string, isUse?: boolean): Promise<OperatorAccount | null>
  /** Ends one session. */
  end(secret: string): Promise<void>
  /** When people were last here, by id, in milliseconds since 1970, to the hour. Who is missing was not for a long time. */
  lastSeen(): Promise<ReadonlyMap<string, number>>
  /** Hears when sessions may have ended, by whatever process. Returns what ends it. */
  onChange(listener: () => void): () => void
  /** Notes down what is left and stops following the log. The log itself stays open. */
  close(): Promise<void>
}

/** The longest life of a session, in milliseconds, however much it is used. */
export const lifeMs = 90 * 86_400_000
/** How long a session may be left alone, in milliseconds. */
const idleMs = 14 * 86_400_000
/** How often use is noted down, in milliseconds. */
const noteMs = 3_600_000

type SessionsEntry =
  | { type: 'session'; hash: string; operatorId: string; generation: number; at: number }
  | { type: 'seen'; hash: string; at: number }
  | { type: 'ended'; hash: string }

interface Session {
  operatorId: string
  generation: number
  startedAt: number
  seenAt: number
}

/** The sessions that began in one stretch of ninety days. */
interface Period {
  sessions: Map<string, Session>
  ledger: Ledger<SessionsEntry>
}

const periodAt = (ms: number): number => Math.floor(ms / lifeMs)
const nameOf = (period: number): string => `~sessions.${period}`

/** Makes the sessions of a log. Nothing is read before somebody logs in or comes with a session. */
export function createSessions(options: SessionsOptions): Sessions {
  const { log, operators, now, random = cryptoRandom } = options
  const periods = new Map<number, Promise<Period>>()
  const lastSeen = new Map<string, number>()
  const listeners = new Set<() => void>()
  const tell = () => listeners.forEach((listener) => listener())
  /** What is being noted down. */
  let notes: Promise<unknown> = Promise.resolve()
  const unfollow = operators.onChange(tell)

  const periodOf = (number: number): Promise<Period> => {
    const known = periods.get(number)
    if (known) return known
    const opening = openPeriod(number)
    periods.set(number, opening)
    // Tried again by the next one who asks.
    opening.catch(() => periods.delete(number))
    return opening
  }

  function see(session: Session | undefined, at: number): void {
    if (!session) return
    session.seenAt = Math.max(session.seenAt, at)
    lastSeen.set(session.operatorId, Math.max(lastSeen.get(session.operatorId) ?? 0, at))
  }

  async function openPeriod(number: number): Promise<Period> {
    const sessions = new Map<string, Session>()
    const ledger = await createLedger<SessionsEntry>({
      log,
      conversation: nameOf(number),
      apply(entry) {
        if (entry.type === 'session') {
          const { hash, operatorId, generation, at } = entry
          sessions.set(hash, { operatorId, generation, startedAt: at, seenAt: at })
          see(sessions.get(hash), at)
        } else if (entry.type === 'seen') see(sessions.get(entry.hash), entry.at)
        else if (entry.type === 'ended') sessions.delete(entry.hash)
        queueMicrotask(tell)
      },
      reset: () => sessions.clear(),
    })
    return { sessions, ledger }
  }

  /** The period a secret names, if a session of it may still live. */
  async function find(secret: string): Promise<{ period: Period; hash: string; session: Session } | null> {
    const number = Number(/^(\d{1,6})\.[A-Za-z0-9_-]{32}$/.exec(secret)?.[1] ?? NaN)
    // The clocks of two servers may lie on different sides of a border.
    if (!(Math.abs(periodAt(now()) - number) <= 1)) return null
    const period = await periodOf(number)
    const hash = await sha256(secret)
    const session = period.sessions.get(hash)
    return session ? { period, hash, session } : null
  }

  function noteUse({ ledger }: Period, hash: string, session: Session): void {
    const at = now()
    if (at - session.seenAt < noteMs) return
    // At once in memory, so that it is written once; if that fails, it is an hour's difference.
    see(session, at)
    const noted = ledger.commit(() => ({ type: 'seen', hash, at })).catch(() => {})
    notes = Promise.all([notes, noted])
  }

  return {
    async begin(operator) {
      const at = now()
      const number = periodAt(at)
      const secret = `${number}.${randomBase64Url(24, random)}`
      const hash = await sha256(secret)
      const { ledger, sessions } = await periodOf(number)
      const { id: operatorId, generation } = operator
      const isFirst = sessions.size === 0
      await ledger.commit(() => ({ type: 'session', hash, operatorId, generation, at }))
      // None of the one before the last can live.
      if (isFirst) for (const old of [2, 3, 4]) await log.remove(nameOf(number - old))
      return secret
    },

    async resolve(secret, isUse = true) {
      const found = await find(secret)
      if (!found) return null
      const { period, hash, session } = found
      const operator = operators.get(session.operatorId)
      if (!operator || operator.generation !== session.generation) return null
      if (now() - session.startedAt >= lifeMs || now() - session.seenAt >= idleMs) return null
      if (isUse) noteUse(period, hash, session)
      return operator
    },

    async end(secret) {
      const found = await find(secret)
      if (found) await found.period.ledger.commit(() => ({ type: 'ended', hash: found.hash }))
    },

    async lastSeen() {
      const number = periodAt(now())
      await Promise.all([periodOf(number - 1), periodOf(number)])
      return lastSeen
    },

    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    async close() {
      listeners.clear()
      unfollow()
      await notes
      for (const period of periods.values()) void period.then(({ ledger }) => ledger.close()).catch(() => {})
    },
  }
}
