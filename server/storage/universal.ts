/**
 * The log for any unstorage driver. It holds for one process: drivers have no compare-and-set, so a second process
 * that writes to the same storage would overwrite entries. Writes are one item at a time and never list keys.
 *
 * Items: `lumika:c:<hash of conversation>:h` (lanes and how many segments each has at least), `…:<lane>:<n>` (segment
 * n, 50 entries each), `…:k:<hash of key>` (which entry took a key; written first, so it counts only when that entry
 * is there), `lumika:inbox:*` (the journal of the inbox). The text of every value is kept as a string, because
 * unstorage drops keys such as `__proto__` from objects.
 */
import type { Storage } from 'unstorage'
import { toEntry } from './entry.ts'
import { createInboxItems } from './universal-inbox.ts'
import { readItem, removeItem, sha256, writeItem } from './universal-items.ts'
import { openLocalLog } from './local.ts'
import type { LogOptions, StoredConversation } from './local.ts'
import { LogError } from './log.ts'
import type { ConversationLog, Lane, LogEntry } from './log.ts'

interface Head {
  v: 1
  /** How many segments of a lane exist for certain; there may be one more. */
  lanes: Record<string, number>
  /** All of it is being removed; whoever comes next carries on. */
  isGoing?: true
}

interface StoredEntry {
  position: number
  id: string
  createdAt: string
  keys: string[]
  json: string
}

interface Segment {
  v: 1
  entries: StoredEntry[]
}

interface Holder {
  lane: Lane
  position: number
  id: string
}

interface KeyItem extends Holder {
  v: 1
  /** Whom the key was taken from: it still counts when the taker was never stored. */
  before?: Holder
}

const segmentSize = 50

export function openUniversalLog(storage: Storage, options: LogOptions = {}): Promise<ConversationLog> {
  return openLocalLog(
    {
      conversation: (conversation) => createStoredConversation(storage, conversation),
      inbox: createInboxItems(storage),
      async check() {
        await readItem(storage, 'lumika:inbox:head')
      },
      async close() {},
    },
    options,
  )
}

function createStoredConversation(storage: Storage, conversation: string): StoredConversation {
  let base: Promise<string> | undefined
  let head: Head | undefined
  /** The segment each lane is writing to. */
  const newest = new Map<Lane, { index: number; entries: StoredEntry[] }>()
  /** Bytes of all that, roughly. */
  let weight = 0

  return {
    async tail(lane) {
      const { index, entries } = await open(lane)
      const before = index > 0 && entries.length < segmentSize ? await readSegment(lane, index - 1) : []
      return { length: index * segmentSize + entries.length, entries: [...before, ...entries].map(decode) }
    },

    async read(lane, from, to) {
      const found: LogEntry[] = []
      for (let index = Math.floor(from / segmentSize); index * segmentSize < to; index++) {
        const current = newest.get(lane)
        const entries = current?.index === index ? current.entries : await readSegment(lane, index)
        found.push(...entries.filter(({ position }) => position >= from && position < to).map(decode))
      }
      return found
    },

    async holder(key) {
      const item = await readItem(storage, await keyName(key))
      if (item === null) return null
      const { before, ...now } = asKeyItem(item)
      return (await held(now)) ?? (before ? await held(before) : null)
    },

    async append(lane, entry, json, supersedes) {
      const { position, id, createdAt, keys } = entry
      const current = await open(lane)
      const known = await openHead()
      if (known.lanes[lane] === undefined) await saveHead({ v: 1, lanes: { ...known.lanes, [lane]: 0 } })
      for (const key of keys) {
        const name = await keyName(key)
        const taken = supersedes === undefined ? null : await readItem(storage, name)
        const before = taken && [asKeyItem(taken), asKeyItem(taken).before].find((one) => one?.id === supersedes)
        const item: KeyItem = { v: 1, lane, position, id }
        if (before) item.before = { lane: before.lane, position: before.position, id: before.id }
        await writeItem(storage, name, item)
      }
      const index = Math.floor(position / segmentSize)
      const entries = [...(index === current.index ? current.entries : []), { position, id, createdAt, keys, json }]
      await writeItem(storage, await segmentName(lane, index), { v: 1, entries })
      weight += weightOf(entries) - weightOf(current.entries)
      newest.set(lane, { index, entries })
      const lanes = (await openHead()).lanes
      // The entry is stored; a head that lags by one segment is made up for at the next load.
      if ((lanes[lane] ?? 0) <= index) await saveHead({ v: 1, lanes: { ...lanes, [lane]: index + 1 } }).catch(() => {})
    },

    async remove(lane) {
      const { lanes } = await openHead()
      if (lane === undefined && Object.keys(lanes).length > 0) await saveHead({ v: 1, lanes, isGoing: true })
      await removeLanes(lanes, lane)
    },

    weight: () => weight,
  }

  async function removeLanes(lanes: Head['lanes'], lane?: Lane): Promise<void> {
    for (const one of lane === undefined ? (Object.keys(lanes) as Lane[]) : [lane]) {
      if (lanes[one] === undefined) continue
      // There may be one segment more than the head knows, and fewer if an earlier removal broke off.
      for (let index = lanes[one]; index >= 0; index--) {
        const segment = await readItem(storage, await segmentName(one, index))
        if (segment === null) continue
        for (const entry of asSegment(segment, index).entries) {
          for (const key of entry.keys) await releaseKey(key, entry.id)
        }
        await removeItem(storage, await segmentName(one, index))
      }
      delete lanes[one]
      weight -= weightOf(newest.get(one)?.entries ?? [])
      newest.delete(one)
      if (lane !== undefined) await saveHead({ v: 1, lanes })
    }
    if (lane === undefined) await removeItem(storage, `${await prefix()}:h`)
  }

  async function held({ lane, position, id }: Holder): Promise<{ lane: Lane; entry: LogEntry } | null> {
    const { index, entries } = await open(lane)
    const at = Math.floor(position / segmentSize)
    if (at > index) return null
    const entry = (at === index ? entries : await readSegment(lane, at))[position % segmentSize]
    return entry?.id === id ? { lane, entry: decode(entry) } : null
  }

  async function open(lane: Lane): Promise<{ index: number; entries: StoredEntry[] }> {
    const known = newest.get(lane)
    if (known) return known
    const count = (await openHead()).lanes[lane]
    let index = Math.max(0, (count ?? 0) - 1)
    let entries: StoredEntry[] = []
    if (count) entries = await readSegment(lane, index)
    // A new segment is written before the head names it.
    for (;;) {
      const next = entries.length === segmentSize ? index + 1 : index
      if (count && next === index) break
      const item = await readItem(storage, await segmentName(lane, next))
      if (item === null) break
      if (count === undefined) throw lost()
      index = next
      entries = asSegment(item, index).entries
      if (entries.length < segmentSize) break
    }
    const found = { index, entries }
    newest.set(lane, found)
    weight += weightOf(entries)
    return found
  }

  async function openHead(): Promise<Head> {
    if (head) return head
    const item = await readItem(storage, `${await prefix()}:h`)
    if (item === null) return (head = { v: 1, lanes: {} })
    const { v, lanes, isGoing } = item as Partial<Head>
    if (v !== 1 || typeof lanes !== 'object' || lanes === null) throw corrupt()
    if (!Object.values(lanes).every((count) => Number.isSafeInteger(count) && count >= 0)) throw corrupt()
    if (!isGoing) return (head = { v, lanes })
    await removeLanes(lanes)
    return (head = { v: 1, lanes: {} })
  }

  async function saveHead(next: Head): Promise<void> {
    await writeItem(storage, `${await prefix()}:h`, next)
    head = next
  }

  async function readSegment(lane: Lane, index: number): Promise<StoredEntry[]> {
    const item = await readItem(storage, await segmentName(lane, index))
    if (item === null) throw lost()
    return asSegment(item, index).entries
  }

  async function releaseKey(key: string, id: string): Promise<void> {
    const name = await keyName(key)
    const item = await readItem(storage, name)
    if (item !== null && asKeyItem(item).id === id) await removeItem(storage, name)
  }

  function prefix(): Promise<string> {
    return (base ??= sha256(conversation).then((hash) => `lumika:c:${hash}`))
  }

  async function segmentName(lane: Lane, index: number): Promise<string> {
    const name = lane === 'public' || lane === 'private' ? lane : `turn-${await sha256(lane)}`
    return `${await prefix()}:${name}:${index}`
  }

  async function keyName(key: string): Promise<string> {
    return `${await prefix()}:k:${await sha256(key)}`
  }
}

function weightOf(entries: StoredEntry[]): number {
  return entries.reduce((sum, { json }) => sum + 300 + 2 * json.length, 0)
}

function decode({ position, id, createdAt, keys, json }: StoredEntry): LogEntry {
  return toEntry(position, id, createdAt, keys, json)
}

function asSegment(item: object, index: number): Segment {
  const { v, entries } = item as Partial<Segment>
  if (v !== 1 || !Array.isArray(entries) || entries.length === 0 || entries.length > segmentSize) throw corrupt()
  const isWhole = entries.every(
    (entry, offset) =>
      entry?.position === index * segmentSize + offset &&
      typeof entry.id === 'string' &&
      typeof entry.createdAt === 'string' &&
      typeof entry.json === 'string' &&
      Array.isArray(entry.keys),
  )
  if (!isWhole) throw corrupt()
  return { v, entries }
}

function asKeyItem(item: object): KeyItem {
  const { v, before } = item as Partial<KeyItem>
  if (v !== 1 || !isHolder(item) || (before !== undefined && !isHolder(before))) throw corrupt()
  return item as KeyItem
}

function isHolder(value: object): value is Holder {
  const { lane, position, id } = value as Partial<Holder>
  return typeof lane === 'string' && Number.isSafeInteger(position) && typeof id === 'string'
}

function corrupt(): LogError {
  return new LogError('storage_corrupt', 'An item in the storage is not what Lumika wrote there.')
}

function lost(): LogError {
  return new LogError('storage_corrupt', 'The storage does not return an item that Lumika wrote before.')
}
