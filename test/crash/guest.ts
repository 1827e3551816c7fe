/** A visitor who is watched: what it was told stands beside what servers and operators say of its conversation. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from '../chaos/random.ts'
import { createVisitor } from '../chaos/visitors.ts'
import type { Visitor } from '../chaos/visitors.ts'
import type { AnswerMode } from './points.ts'
import { readHistory, readRecords } from './read.ts'
import type { Stage } from './stage.ts'
import type { Account } from './verdict.ts'
import { createWitness } from './witness.ts'
import type { Witness } from './witness.ts'

/** A watched visitor. */
export interface Guest {
  visitor: Visitor
  witness: Witness
  /** Messages that are stored, and turns that have ended, whatever they came to. */
  count(): Promise<{ messages: number; ends: number }>
  /**
   * Waits until the first of the turns that are open now has ended, the one that was under way or next: all others
   * wait for the one before them. Resolves to how long that took, in milliseconds.
   */
  untilNextEnd(longestMs: number): Promise<number>
  /** Waits until everything that was sent is stored, and every turn has ended. Whether it came to that. */
  untilAllEnded(longestMs: number): Promise<boolean>
  /** Everything there is to say now. Every server is asked twice. */
  account(): Promise<Account>
}

/** What a guest needs. */
export interface GuestOptions {
  name: string
  mode: AnswerMode
  stage: Stage
  chance: Chance
}

/** A visitor comes to the page. */
export async function invite({ name, mode, stage, chance }: GuestOptions): Promise<Guest> {
  const door = stage.doors[mode]
  const witness = createWitness()
  const visitor = await createVisitor({
    ...{ name, serverUrl: stage.url, integrationToken: door.token, chance },
    watch: witness.watch,
    isAnswered: mode === 'auto',
    mostOpen: 3,
  })
  const records = () => readRecords(stage, stage.bases()[0] ?? '', door, visitor.conversationId)
  const count = async () => {
    const all = await records()
    const messages = all.filter((record) => record.visibility === 'public' && record.actor === 'customer').length
    return { messages, ends: all.length - messages }
  }
  return {
    visitor,
    witness,
    count,
    async untilAllEnded(longestMs) {
      for (const since = performance.now(); performance.now() - since < longestMs; await pause(100)) {
        const { messages, ends } = await count()
        if (messages >= visitor.sent.length && ends >= messages) return true
      }
      return false
    },
    async untilNextEnd(longestMs) {
      const since = performance.now()
      const { messages, ends } = await count()
      const wanted = Math.min(messages, ends + 1)
      while ((await count()).ends < wanted && performance.now() - since < longestMs) await pause(50)
      return Math.round(performance.now() - since)
    },
    async account() {
      const readings: Account['readings'][number][] = []
      for (const base of [...stage.bases(), ...stage.bases()]) {
        readings.push(await readHistory(base, door, visitor.conversationId))
      }
      return { visitor, witness, shown: visitor.view().bubbles, readings, records: await records() }
    },
  }
}
