/**
 * The storage seam. A log keeps every conversation as a few dense, append-only lanes and offers one commit point.
 * `append` decides everything that must be decided once (numbering, idempotency, who may write next) in one atomic
 * step, so the rules above it need no locks and no transactions, on one process or on many.
 */

/**
 * A lane is one dense sequence of entries inside a conversation:
 * - `public`: what the customer may see, in the order in which it became public.
 * - `private`: notes, drafts, and the ends of turns that published nothing.
 * - `turn/<turnId>`: what happened while one answer was written; dropped some time after its end.
 * Private lanes number their entries by themselves, so they leave no hole in the public one.
 */
export type Lane = 'public' | 'private' | `turn/${string}`

/** One stored entry. */
export interface LogEntry<T = unknown> {
  /** Dense from 0 inside its lane. */
  position: number
  /** The position and 96 random bits, `[A-Za-z0-9_-]{1,64}`: a cursor that is checked in O(1) and never reused. */
  id: string
  /** RFC 3339 with milliseconds, UTC; never decreasing inside a conversation. */
  createdAt: string
  /** The idempotency keys the entry was stored under. */
  keys: string[]
  /**
   * The caller's value, returned exactly as `JSON.parse(JSON.stringify(value))` gives it. Entries and values are frozen:
   * every reader may get the same object.
   */
  value: T
}

/** Options of `append`. */
export interface AppendOptions {
  /**
   * Idempotency keys, unique per conversation over all lanes, kept as long as the lane of their entry. When any of them
   * is taken, nothing is stored and the entry that took it is returned, whatever `at` says. @default []
   */
  keys?: string[]
  /**
   * The id of an entry whose keys may be taken over: a key held by exactly this entry counts as free and from now on
   * names the new one. @default undefined
   */
  supersedes?: string
  /** Store only when the lane holds exactly this many entries; otherwise `conflict`. @default undefined */
  at?: number
  /**
   * A key that has to be held for anything to be stored, or `gone` is thrown: what belongs to a message must not bring back
   * a conversation that is erased at the same moment. @default undefined
   */
  requires?: string
  /**
   * A mark that keeps the conversation in `recent({ unfinished: true })` until an append closes it. It is durable before
   * the entry is: after a crash or a failed append there may be a mark without its entry, never an entry without its mark.
   */
  opens?: string
  /** The entry is no activity: the conversation keeps its place in the inbox. @default false */
  isQuiet?: boolean
  /** The mark this entry closes. Closing also happens when the append turns out to be `existing`. */
  closes?: string
}

/** What became of an `append`. */
export type Appended<T> =
  | { outcome: 'stored'; entry: LogEntry<T> }
  /**
   * One of the keys was taken; this is the entry that took it, and its lane. `now` is the clock its `createdAt` was read
   * from, in milliseconds since 1970, where that is not the process's own: replicas' clocks differ, Redis has one.
   */
  | { outcome: 'existing'; entry: LogEntry<T>; lane: Lane; now?: number }
  /** The lane did not hold `at` entries; it holds `length`. */
  | { outcome: 'conflict'; length: number }

/** A slice of a lane, oldest first. */
export interface LogPage<T = unknown> {
  entries: LogEntry<T>[]
  /** Whether the lane goes on beyond this slice, in the direction read. */
  hasMore: boolean
}

/** One conversation in the inbox. */
export interface RecentConversation {
  conversation: string
  /** Time of the latest append to a public or private lane that was not quiet, RFC 3339. */
  updatedAt: string
  /** Marks that were opened and not closed yet; after a crash also some that were closed just before. */
  unfinished: string[]
  /** In `recent({ unlabelled: true })`: what `label` wants to be told. */
  stamp?: string
}

/** Which part of the inbox to list. */
export interface RecentOptions {
  /** Only conversations whose key starts with `<scope>.`. @default all */
  scope?: string
  /** Only conversations that were given this label. @default all */
  label?: string
  /**
   * Only conversations whose labels may be wrong, since something was appended after, or while, they were found out: those
   * that have waited longest, at most `limit`; nothing else applies. @default false
   */
  unlabelled?: boolean
  /** Only conversations with open marks, all of them; `cursor` and `limit` do not apply. @default false */
  unfinished?: boolean
  /** From which end. @default 'newest' */
  first?: 'newest' | 'oldest'
  /** The `cursor` of the page before, which began at the same end. @default the first page */
  cursor?: string
  /** @default 50 */
  limit?: number
}

/** A page of the inbox, newest first unless asked otherwise. */
export interface RecentPage {
  conversations: RecentConversation[]
  /** Pass it on to get the next page; null at the end. */
  cursor: string | null
}

/** Up to where a conversation was read: the ids of its newest entries, null where there was none. */
export interface ReadTo {
  public: string | null
  private: string | null
}

/** Something was appended. `'resync'`: notices may have been missed, look again at whatever you wait for. */
export type Notice = { conversation: string; lane: Lane; position: number } | 'resync'

/**
 * A conversation key is `<scope>.<name>`, 1 to 300 characters of `[A-Za-z0-9_.-]`, compared case-sensitively; the
 * service builds it. Keys beginning with `~` are the system's own: stored alike, never listed by `recent`.
 */
export interface ConversationLog {
  /** Whether several processes may write at once. When false, every other process that ever wrote is gone. */
  readonly shared: boolean

  /**
   * The one commit point: checks keys, numbers, stores and announces in one atomic step. Public and private lanes are
   * durable when the promise resolves; a turn's lane survives the process, not a power cut, and may be dropped by the
   * log an hour after its latest entry.
   * @throws LogError `storage_unavailable` (the outcome may be unknown: try again with the same keys), and
   * `storage_corrupt`, `storage_locked`; `gone` when nobody holds the key that is required; TypeError for a value JSON cannot hold, a key or a lane that is none
   */
  append<T>(conversation: string, lane: Lane, value: T, options?: AppendOptions): Promise<Appended<T>>

  /** The entry that holds a key. Null when none does. */
  find<T>(conversation: string, key: string): Promise<{ lane: Lane; entry: LogEntry<T> } | null>

  /**
   * The entries after a cursor, exclusive; from the start for null. Answers, and throws, without a promise when it can.
   * A damaged entry is left out.
   * @throws LogError `cursor_not_found` when this lane never held that id, `storage_unavailable`, `storage_corrupt`
   */
  after<T>(conversation: string, lane: Lane, cursor: string | null, limit: number): LogPage<T> | Promise<LogPage<T>>

  /** The newest entries before a cursor, exclusive; up to the end for null. Throws as `after` does. */
  before<T>(conversation: string, lane: Lane, cursor: string | null, limit: number): LogPage<T> | Promise<LogPage<T>>

  /** The inbox. Its cost does not grow with the number of conversations. It asks the medium itself. */
  recent(options?: RecentOptions): Promise<RecentPage>

  /**
   * Says under which labels `recent` lists a conversation, in the place of all earlier ones. `stamp` is what `recent` gave
   * before the conversation was looked at: where something was appended since, it stays unlabelled, and where somebody
   * has labelled it meanwhile, nothing changes. Every append to a public or private lane makes a conversation unlabelled,
   * durably and before it is stored, so that after a crash too many are, and never too few.
   * @param labels each a word of `[a-z]`, perhaps with `:` and 1 to 64 characters of `[A-Za-z0-9_-]`
   */
  label(conversation: string, stamp: string, labels: readonly string[]): Promise<void>

  /** Hears of every append, by whatever process, once it can be read. Returns the function that ends it. */
  watch(listener: (notice: Notice) => void): () => void

  /**
   * Says something to every process, this one included, that is not kept and may get lost. Left out where there is nobody else
   * to say it to. @throws LogError `storage_unavailable`
   */
  signal?(text: string): Promise<void>

  /** Hears of every signal. Returns the function that ends it. */
  onSignal?(listener: (text: string) => void): () => void

  /** Forgets a conversation, or one lane of it, for good. */
  remove(conversation: string, lane?: Lane): Promise<void>

  /**
   * Forgets a whole conversation for good, unless somebody has appended to its public or private lane since it was read, has
   * a mark open in it, or is appending just now. An append of the same moment comes before, and nothing is forgotten; or
   * after, and the conversation begins anew with it. A lane that is empty counts as read, so that a removal that broke off
   * is carried on by the same call.
   * @returns whether it is gone
   */
  removeIf(conversation: string, readTo: ReadTo): Promise<boolean>

  /** Writes out what is left, gives back locks and connections. */
  close(): Promise<void>
}

/** Why a log could not do what it was asked. */
export type LogErrorCode = 'storage_unavailable' | 'storage_locked' | 'storage_corrupt' | 'cursor_not_found' | 'gone'

/** The one error of the storage boundary. Recognise it by `name`: two copies of the class may be loaded. */
export class LogError extends Error {
  override readonly name = 'LogError'
  readonly code: LogErrorCode
  /** Whether the same call may succeed later. */
  readonly isRetryable: boolean

  constructor(code: LogErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    this.isRetryable = code === 'storage_unavailable'
  }
}

/** What was to be added to is not there any more. */
export const goneError = (): LogError => new LogError('gone', 'The conversation, or this part of it, was erased.')

/** Whether an error is a `LogError`, of the given code if one is named. */
export function isLogError(error: unknown, code?: LogErrorCode): error is LogError {
  return error instanceof Error && error.name === 'LogError' && (!code || (error as LogError).code === code)
}
