/**
 * What the other processes on the same storage know at the moment, and keep in memory only: asked when somebody wants to see
 * it. Questions and answers go by a lane that the storage drops by itself. Where there is one process, nothing is asked.
 */
import { cryptoRandom, randomAlphanumeric } from '../random.ts'
import type { ConversationLog, Notice } from '../storage/log.ts'

/** Options of `createNeighbours`. */
export interface NeighboursOptions<T> {
  log: ConversationLog
  /** The system's conversation that they talk in. */
  channel: string
  /** The wall clock, in milliseconds. */
  now: () => number
  /** What this process answers; null: nothing. */
  answer: (question: string) => T | null
  /** How long answers are waited for, in milliseconds: nobody knows how many there will be. @default 300 */
  waitMs?: number
}

/** The other processes. */
export interface Neighbours<T> {
  /** Asks all of them. Whoever is slow is left out. @throws LogError where they cannot be asked */
  ask(question: string): Promise<T[]>
  close(): void
}

type Word<T> = { type: 'question'; id: string; question: string } | { type: 'answer'; id: string; value: T }

/** Words read at once. What is missed is heard when it is asked for again. */
const most = 100

/** Makes the neighbours of a process. */
export function createNeighbours<T>(options: NeighboursOptions<T>): Neighbours<T> {
  const { log, channel, now, answer, waitMs = 300 } = options
  const asked = new Map<string, T[]>()
  let heard: { lane: string; position: number } | null = null

  const say = (word: Word<T>) => log.append<Word<T>>(channel, `turn/${Math.floor(now() / 60_000)}`, word)

  async function take(word: Word<T>): Promise<void> {
    if (word.type === 'answer') asked.get(word.id)?.push(word.value)
    else if (!asked.has(word.id)) {
      const value = answer(word.question)
      if (value !== null) await say({ type: 'answer', id: word.id, value })
    }
  }

  async function hear({ lane, position }: Exclude<Notice, 'resync'>): Promise<void> {
    const from = heard?.lane === lane ? heard.position : position - 1
    if (position <= from) return
    heard = { lane, position }
    const { entries } = await log.before<Word<T>>(channel, lane, null, most)
    for (const entry of entries) if (entry.position > from && entry.position <= position) await take(entry.value)
  }

  const unwatch = log.watch((notice) => {
    if (notice === 'resync' || notice.conversation !== channel) return
    hear(notice).catch(() => {})
  })

  return {
    async ask(question) {
      if (!log.shared) return []
      const id = randomAlphanumeric(16, cryptoRandom)
      const answers: T[] = []
      asked.set(id, answers)
      try {
        await say({ type: 'question', id, question })
        await new Promise((resolve) => setTimeout(resolve, waitMs))
        return answers
      } finally {
        asked.delete(id)
      }
    },
    close: unwatch,
  }
}
