/**
 * Who looks at a conversation, and who is typing in it: so that two people do not answer at once. It is kept in memory for 15
 * seconds. Replicas tell each other by a lane that is dropped by itself; where there is one process, nothing is stored.
 */
import type { ConversationLog, Lane, Notice } from '../storage/log.ts'
import type { Person } from './desk-state.ts'
import { parseConversationKey } from './keys.ts'

/** Everybody who looks at a conversation now. */
export interface PresenceEvent {
  type: 'presence'
  key: string
  integrationId: string
  conversationId: string
  operators: Colleague[]
}

/** Somebody who looks at a conversation. */
export interface Colleague extends Person {
  typing: boolean
  /** The draft whose words the person is changing. */
  draftId?: string
}

/** What somebody tells of themselves. */
export interface Sign extends Omit<Colleague, keyof Person> {
  /** False: they look no more. @default true */
  looking?: boolean
}

/** Who is where. */
export interface Presence {
  /** Somebody looks at a conversation, from now on for `lifeMs`. @throws LogError where replicas cannot be told */
  beat(conversation: string, person: Person, sign: Sign): Promise<void>
  /** The conversations somebody looks at. */
  all(): PresenceEvent[]
  /** The name of somebody who is typing a reply; null: nobody is. A draft is no reply before it goes out. */
  typist(conversation: string): string | null
  close(): void
}

/** Options of `createPresence`. */
export interface PresenceOptions {
  log: ConversationLog
  /** The wall clock, in milliseconds. */
  now: () => number
  /** Hears when somebody comes, goes, begins or ends to type, on whatever replica. */
  tell: (event: PresenceEvent) => void
  /** How long a sign of life counts, in milliseconds. @default 15_000 */
  lifeMs?: number
}

interface Beat {
  conversation: string
  person: Person
  sign: Sign
}

/** The system's conversation that replicas tell each other by. */
const channel = '~presence'
/** Beats read at once. More at the same moment are made up for by the next ones. */
const most = 200

/** Makes the presence of a process. */
export function createPresence({ log, now, tell, lifeMs = 15_000 }: PresenceOptions): Presence {
  const rooms = new Map<string, Map<string, { colleague: Colleague; timer: ReturnType<typeof setTimeout> }>>()
  let seen: { lane: Lane; position: number } | null = null
  let isClosed = false

  const eventOf = (conversation: string): PresenceEvent | null => {
    const names = parseConversationKey(conversation)
    const operators = [...(rooms.get(conversation)?.values() ?? [])].map(({ colleague }) => colleague)
    return names && { type: 'presence', key: conversation, ...names, operators }
  }

  const announce = (conversation: string) => {
    const event = eventOf(conversation)
    if (event) tell(event)
  }

  const leave = (conversation: string, id: string) => {
    const room = rooms.get(conversation)
    clearTimeout(room?.get(id)?.timer)
    if (!room?.delete(id)) return
    if (room.size === 0) rooms.delete(conversation)
    announce(conversation)
  }

  const take = ({ conversation, person, sign: { looking = true, ...sign } }: Beat) => {
    if (isClosed) return
    if (!looking) return leave(conversation, person.id)
    const room = rooms.get(conversation) ?? new Map<string, never>()
    rooms.set(conversation, room)
    const known = room.get(person.id)
    clearTimeout(known?.timer)
    const timer = setTimeout(() => leave(conversation, person.id), lifeMs)
    if (typeof timer === 'object') timer.unref()
    const colleague = { ...person, ...sign }
    room.set(person.id, { colleague, timer })
    const isNews = known?.colleague.typing !== sign.typing || known.colleague.draftId !== sign.draftId
    if (isNews) announce(conversation)
  }

  const hear = async ({ lane, position }: Exclude<Notice, 'resync'>) => {
    const from = seen?.lane === lane ? seen.position : position - 1
    if (position <= from) return
    seen = { lane, position }
    const { entries } = await log.before<Beat>(channel, lane, null, most)
    for (const entry of entries) if (entry.position > from && entry.position <= position) take(entry.value)
  }

  const unwatch = log.watch((notice) => {
    if (notice === 'resync' || notice.conversation !== channel) return
    // Whoever is missed here is heard of with the next beat.
    hear(notice).catch(() => {})
  })

  return {
    async beat(conversation, { id, name }, sign) {
      const beat: Beat = { conversation, person: { id, name }, sign }
      if (!log.shared) return take(beat)
      await log.append(channel, `turn/${Math.floor(now() / 60_000)}`, beat)
    },
    typist(conversation) {
      for (const { colleague } of rooms.get(conversation)?.values() ?? []) {
        if (colleague.typing && colleague.draftId === undefined) return colleague.name
      }
      return null
    },
    all: () => [...rooms.keys()].flatMap((conversation) => eventOf(conversation) ?? []),
    close() {
      isClosed = true
      unwatch()
      for (const room of rooms.values()) for (const { timer } of room.values()) clearTimeout(timer)
      rooms.clear()
    },
  }
}
