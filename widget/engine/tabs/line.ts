/** What tabs say to one another, and the way on which they do. */
import type { Call, Reply } from './calls.ts'
import type { Attention } from './rhythm.ts'
import type { Channel, Surroundings } from './surroundings.ts'

/** What is shared beside the conversation. */
export interface Shared {
  /** The text that is being written. */
  draft?: string
  /** Somebody has signed in. */
  identity?: Record<string, string | undefined>
}

/** A message between tabs: to one of them, or to all. */
export type Message = { from: string; to?: string } & (
  | { kind: 'ping'; attention: Attention }
  | { kind: 'leader'; isUp?: boolean }
  | { kind: 'news' | 'bye' }
  | { kind: 'call'; call: Call }
  | { kind: 'cancel'; id: string }
  | { kind: 'reply'; id: string; reply: Reply }
  | { kind: 'shared'; shared: Shared }
)

/** A tab's end of the way. */
export interface Line {
  say(message: Outgoing): void
  close(): void
}

/** A message before it is said who says it. */
export type Outgoing = Message extends infer M ? (M extends Message ? Omit<M, 'from'> : never) : never

/** Opens the way to the other tabs; null where there is none. `hear` gets what is meant for this tab. */
export function openLine(
  { name, id }: { name: string; id: string },
  { openChannel }: Surroundings,
  hear: (message: Message) => void,
): Line | null {
  const take = (text: string) => {
    try {
      const message = JSON.parse(text) as Message
      if ((message.to ?? id) === id) hear(message)
    } catch {
      // Not one of ours, or of another version.
    }
  }
  let channel: Channel | undefined
  try {
    channel = openChannel?.(name, take)
  } catch {
    // As where the page's origin is nobody's.
  }
  if (!channel) return null
  const open = channel
  return { say: (message) => open.post(JSON.stringify({ from: id, ...message })), close: () => open.close() }
}
