/**
 * The inbox journal in items: `lumika:inbox:head` names the generation, `lumika:inbox:<generation>:<n>` hold its records.
 * A new generation is written whole before the head names it.
 */
import type { Storage } from 'unstorage'
import type { InboxRecord, InboxStore } from './inbox.ts'
import { LogError } from './log.ts'
import { readItem, removeItem, writeItem } from './universal-items.ts'

/** Records of an item that is still written to, and of one written at once. */
const small = 50
const large = 1_000

export function createInboxItems(storage: Storage): InboxStore {
  let generation = 0
  /** The item that is written to. */
  let index = 0
  let records: InboxRecord[] = []

  return {
    async load() {
      const head = await readItem(storage, 'lumika:inbox:head')
      const { v, generation: current, items } = (head ?? { v: 1, generation: 0, items: 0 }) as Partial<InboxHead>
      if (v !== 1 || !Number.isSafeInteger(current) || !Number.isSafeInteger(items)) throw corrupt()
      generation = current as number
      const found: InboxRecord[] = []
      for (index = 0; ; index++) {
        const item = await readItem(storage, nameOf(generation, index))
        if (item === null) {
          if (index < (items as number)) throw corrupt()
          break
        }
        const list = (item as { records?: unknown }).records
        if (!Array.isArray(list)) throw corrupt()
        for (const record of list as InboxRecord[]) found.push(record)
      }
      records = []
      return found
    },

    async append(more) {
      const next = [...records, ...more]
      await writeItem(storage, nameOf(generation, index), { records: next })
      records = next
      if (next.length < small) return
      index++
      records = []
    },

    async replace(all) {
      const old = { generation, items: index + 1 }
      let items = 0
      for (let from = 0; from < all.length; from += large) {
        await writeItem(storage, nameOf(generation + 1, items++), { records: all.slice(from, from + large) })
      }
      // Left over from a replacement that broke off, they would be read as part of this one.
      for (let rest = items; await readItem(storage, nameOf(generation + 1, rest)); rest++) {
        await removeItem(storage, nameOf(generation + 1, rest))
      }
      await writeItem(storage, 'lumika:inbox:head', { v: 1, generation: generation + 1, items })
      generation += 1
      index = items
      records = []
      for (let item = 0; item < old.items; item++) await removeItem(storage, nameOf(old.generation, item))
    },
  }
}

interface InboxHead {
  v: 1
  generation: number
  /** How many items exist for certain. */
  items: number
}

const nameOf = (generation: number, index: number): string => `lumika:inbox:${generation}:${index}`

function corrupt(): LogError {
  return new LogError('storage_corrupt', 'The inbox in the storage is not what Lumika wrote there.')
}
