/**
 * The tabs of one browser that show one conversation: one of them reaches the backend for all. What a tab asks goes to the
 * leader over a channel; where there is a new leader, it is asked again, from where it was. Nothing that a tab hears is
 * more than a hint or an answer: each keeps its own conversation, and merges by id.
 */
import type { ChatAdapter } from '../../../adapters/adapter.ts'
import { createCalls } from './calls.ts'
import type { Call } from './calls.ts'
import { createHub } from './hub.ts'
import type { Hub } from './hub.ts'
import { takePart } from './leader.ts'
import type { Election } from './leader.ts'
import { openLine } from './line.ts'
import type { Line, Message, Outgoing, Shared } from './line.ts'
import { keepRhythm } from './rhythm.ts'
import type { Attention, Rhythm } from './rhythm.ts'
import type { Surroundings } from './surroundings.ts'

export type { Shared } from './line.ts'

/** What joining takes. */
export interface TabsOptions {
  /** The same for all tabs that share a conversation. */
  name: string
  /** This tab's own. */
  id: string
  adapter: ChatAdapter
  /** Time between two looks while no panel is open, in milliseconds. */
  pollMs: number
  /** Looks for news, and waits so many seconds for it. The number of new messages; -1 for a failure, null for nothing to be looked at. */
  look: (wait: number) => Promise<number | null>
  /** Whether a look has failed, and none has come through since. */
  isBehind: () => boolean
  /** Goes through the unsent messages again: another tab may have left some, or the network is back. */
  adopt: () => void
  onShared: (shared: Shared) => void
}

/** One tab among the others. */
export interface Tabs {
  /** The backend, as all tabs share it. */
  adapter: ChatAdapter
  setOpen(isOpen: boolean): void
  /** There is something to be looked at now. */
  wake(): void
  share(shared: Shared): void
  /** Whether a message is to be counted here as unread: nobody reads along, and no other tab counts. */
  isCounting(): boolean
  leave(): void
}

/** How long what a tab has said of itself holds, in milliseconds. */
const FRESH_MS = 5_000
/** Shortest time between two looks of a tab that missed something, in milliseconds. */
const AGAIN_MS = 5_000

/** Joins the other tabs. */
export function joinTabs(options: TabsOptions, surroundings: Surroundings): Tabs {
  const { name, id, adapter, look } = options
  const others = new Map<string, { attention: Attention; at: number }>()
  let isOpen = false
  let isIn = false
  let line: Line | null = null
  let election: Election | null = null
  let hub: Hub | null = null
  let rhythm: Rhythm | null = null
  let leader = ''
  /** Whether the last look for all came through. */
  let isUp = true
  let lastTry = surroundings.now()

  const post = (message: Outgoing) => line?.say(message)

  const calls = createCalls(
    id,
    (call) => {
      if (hub) hub.serve(call, (reply) => calls.take(call.id, reply))
      else if (leader)
        post({ kind: 'call', to: leader, call: { id: call.id, method: call.method, request: call.request } })
    },
    (call) => (hub ? hub.cancel(call) : post({ kind: 'cancel', to: leader, id: call })),
  )

  const ownAttention = (): Attention => (!surroundings.isVisible() ? 0 : isOpen ? 2 : 1)
  const attention = (): Attention => {
    const since = surroundings.now() - FRESH_MS
    const all = [...others.values()].map((other) => (other.at > since ? other.attention : 0))
    return Math.max(ownAttention(), ...all) as Attention
  }
  const ping = () => post({ kind: 'ping', attention: ownAttention() })

  const lookForAll = async (wait: number) => {
    const found = await look(wait)
    isUp = found !== -1
    return found
  }
  /** The leader reaches the backend, so this tab does, too: what it missed is not told a second time. */
  const makeUp = () => {
    if (!options.isBehind() || surroundings.now() - lastTry < AGAIN_MS) return
    lastTry = surroundings.now()
    void look(0)
  }

  const lead = (isLeading: boolean) => {
    hub?.close()
    rhythm?.end()
    hub = null
    rhythm = null
    leader = ''
    if (!isLeading) return ping()
    hub = createHub(adapter, () => post({ kind: 'news' }))
    rhythm = keepRhythm({ surroundings, pollMs: options.pollMs, attention, look: lookForAll })
    post({ kind: 'leader', isUp })
    calls.repeat()
    options.adopt()
  }

  const serve = (from: string, call: Call) =>
    hub?.serve(call, (reply) => {
      post({ kind: 'reply', to: from, id: call.id, reply })
      // What another tab has sent is to be seen here, too.
      if (reply.event?.event.type === 'ack') void look(0)
    })

  const hear = (message: Message) => {
    const { from } = message
    if (from === leader) election?.heard()
    if (message.kind === 'ping') {
      const before = attention()
      others.set(from, { attention: message.attention, at: surroundings.now() })
      if (!hub) return
      post({ kind: 'leader', isUp })
      if (attention() > before) rhythm?.wake()
      else if (message.attention) rhythm?.check()
    } else if (message.kind === 'leader') {
      if (hub) return
      if (message.isUp) makeUp()
      if (from === leader) return
      leader = from
      election?.heard()
      calls.repeat()
    } else if (message.kind === 'call') serve(from, message.call)
    else if (message.kind === 'cancel') hub?.cancel(message.id)
    else if (message.kind === 'reply') calls.take(message.id, message.reply)
    else if (message.kind === 'news') void look(0)
    else if (message.kind === 'shared') options.onShared(message.shared)
    else if (message.kind === 'bye') {
      others.delete(from)
      if (hub) options.adopt()
    }
  }

  const join = () => {
    isIn = true
    line = openLine(options, surroundings, hear)
    // Without a channel a lock would only keep this tab from working.
    const alone = { ...surroundings, locks: undefined }
    election = takePart({ name, surroundings: line ? surroundings : alone, onChange: lead, ping })
  }

  const part = () => {
    isIn = false
    election?.leave()
    hub?.close()
    rhythm?.end()
    hub = null
    rhythm = null
    leader = ''
    post({ kind: 'bye' })
    line?.close()
    line = null
  }

  const changed = () => {
    ping()
    if (!hub) return
    rhythm?.wake()
    if (surroundings.isOnline()) options.adopt()
  }

  const unwatch = surroundings.watch((what) => {
    // A page that may never run again must not keep the others waiting, nor the browser from keeping it.
    if (what === 'leave') part()
    else if (what === 'look') changed()
    else if (!isIn) {
      join()
      void look(0)
    }
  })

  join()
  return {
    adapter: calls.adapter,
    setOpen(open) {
      if (isOpen === open) return
      isOpen = open
      ping()
      if (hub) rhythm?.wake()
      else if (open) void look(0)
    },
    wake: () => rhythm?.wake(),
    share: (shared) => post({ kind: 'shared', shared }),
    isCounting: () => hub !== null && attention() < 2,
    leave() {
      unwatch()
      part()
    },
  }
}
