/** The inbox of a single-process log in memory: about 300 bytes a conversation, sorted in every way it is listed. */
import { scopeOf } from './entry.ts'
import { createInboxOrder } from './inbox-order.ts'
import type { InboxOrder } from './inbox-order.ts'
import type { RecentConversation, RecentOptions, RecentPage } from './log.ts'

/** How the inbox lists one conversation. */
export interface Line {
  /** Time of the latest activity, in milliseconds. */
  at: number
  open: Set<string>
  labels: readonly string[]
  /** Changes with every append, before and after it; null: the labels are right. */
  stamp: number | null
  /** Appends under way. */
  running: number
  /** Whether the journal knows the conversation with all its open marks. */
  isSaved: boolean
  /** Whether the journal says, by its newest record, that the labels may be wrong. */
  isDoubted: boolean
}

export interface InboxIndex {
  readonly size: number
  get(conversation: string): Line | undefined
  conversations(): Iterable<string>
  /** Lists a conversation, or changes how it is listed. */
  put(conversation: string, change: Partial<Pick<Line, 'at' | 'labels' | 'isSaved' | 'isDoubted'>>): Line
  /** Opens a mark, or closes one. */
  mark(conversation: string, mark: string, isOpen: boolean): void
  /** The labels may be wrong from now on, or are right. */
  doubt(conversation: string, isDoubtful: boolean): void
  drop(conversation: string): void
  page(options: RecentOptions): RecentPage
}

export function createInboxIndex(): InboxIndex {
  const lines = new Map<string, Line>()
  const unfinished = new Set<string>()
  /** In the order in which they came into doubt. */
  const unlabelled = new Set<string>()
  const orders = new Map<string, InboxOrder>()
  let stamps = 0

  return {
    get size() {
      return lines.size
    },
    get: (conversation) => lines.get(conversation),
    conversations: () => lines.keys(),

    put(conversation, change) {
      const known = lines.get(conversation)
      const line = known ?? emptyLine()
      const moves = !known || (change.at ?? line.at) !== line.at || change.labels !== undefined
      if (known && moves) for (const order of ordersOf(conversation, line)) order.delete(line.at, conversation)
      Object.assign(line, change)
      if (moves) for (const order of ordersOf(conversation, line)) order.add(line.at, conversation)
      if (!known) lines.set(conversation, line)
      return line
    },

    mark(conversation, mark, isOpen) {
      const line = lines.get(conversation)
      if (!line) return
      if (isOpen) line.open.add(mark)
      else line.open.delete(mark)
      if (line.open.size > 0) unfinished.add(conversation)
      else unfinished.delete(conversation)
    },

    doubt(conversation, isDoubtful) {
      const line = lines.get(conversation)
      if (!line) return
      line.stamp = isDoubtful ? ++stamps : null
      if (isDoubtful) unlabelled.add(conversation)
      else unlabelled.delete(conversation)
    },

    drop(conversation) {
      const line = lines.get(conversation)
      if (!line) return
      for (const order of ordersOf(conversation, line)) order.delete(line.at, conversation)
      lines.delete(conversation)
      unfinished.delete(conversation)
      unlabelled.delete(conversation)
    },

    page({ scope, label, unfinished: onlyUnfinished, unlabelled: onlyUnlabelled, first, cursor, limit = 50 }) {
      if (onlyUnlabelled) {
        const found = firstOf(unlabelled, limit)
        return {
          conversations: found.map((one) => ({ ...describe(one), stamp: `${lines.get(one)?.stamp}` })),
          cursor: null,
        }
      }
      if (onlyUnfinished) {
        const found = [...unfinished].filter((one) => scope === undefined || scopeOf(one) === scope).map(describe)
        return { conversations: found.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)), cursor: null }
      }
      const order = orders.get(nameOf(scope, label))
      const page = order?.page(cursor ?? null, limit, first === 'oldest') ?? { conversations: [], cursor: null }
      return { conversations: page.conversations.map(describe), cursor: page.cursor }
    },
  }

  function describe(conversation: string): RecentConversation {
    const { at, open } = lines.get(conversation) as Line
    return { conversation, updatedAt: new Date(at).toISOString(), unfinished: [...open] }
  }

  /** All orders a conversation has its place in. */
  function ordersOf(conversation: string, { labels }: Line): InboxOrder[] {
    const scope = scopeOf(conversation)
    return [undefined, ...labels].flatMap((label) => [orderOf(nameOf(undefined, label)), orderOf(nameOf(scope, label))])
  }

  function orderOf(name: string): InboxOrder {
    const known = orders.get(name)
    if (known) return known
    const order = createInboxOrder()
    orders.set(name, order)
    return order
  }
}

const emptyLine = (): Line => ({
  at: 0,
  open: new Set(),
  labels: [],
  stamp: null,
  running: 0,
  isSaved: false,
  isDoubted: true,
})

/** Labels hold no blank, so that no scope and label read as another. */
const nameOf = (scope: string | undefined, label: string | undefined): string =>
  `${label ?? ''} ${scope === undefined ? '' : `.${scope}`}`

function firstOf(conversations: Iterable<string>, limit: number): string[] {
  const found: string[] = []
  for (const conversation of conversations) {
    if (found.length === limit) break
    found.push(conversation)
  }
  return found
}
