/** The list of conversations: one filter at a time, latest activity first. */
import type { Api } from '../api/client.ts'
import { messageOf } from '../api/client.ts'
import type { Activity, ActivityPage } from '../api/types.ts'
import { coalesced } from './once.ts'

/** What to list. An empty field leaves all in. */
export interface Filter {
  state: string
  integrationId: string
  q: string
}

const pageSize = 30
const most = 200

/** The list. */
export class ActivityList {
  filter: Filter = $state.raw({ state: 'open', integrationId: '', q: '' })
  entries: Activity[] = $state.raw([])
  /** `loading`: there is nothing to show yet; a list that is refreshed stays as it is until the new one is there. */
  status: 'loading' | 'ready' | { problem: string } = $state.raw('loading')
  isLoadingMore = $state(false)
  cursor: string | null = $state(null)
  /** The server is still putting its conversations in order: some may be missing. */
  isPartial = $state(false)
  /** How far back a search has looked; null: at everything. */
  searchedTo: string | null = $state(null)
  /** Looks again. Calls while it looks are one more look. */
  readonly refresh: () => Promise<void>
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
    this.refresh = coalesced(() => this.#load())
  }

  /** Lists something else. */
  async show(change: Partial<Filter>): Promise<void> {
    const filter = { ...this.filter, ...change }
    if (JSON.stringify(filter) === JSON.stringify(this.filter)) return
    this.filter = filter
    this.entries = []
    this.cursor = null
    this.status = 'loading'
    await this.refresh()
  }

  async loadMore(): Promise<void> {
    const { cursor, filter } = this
    if (cursor === null || this.isLoadingMore) return
    this.isLoadingMore = true
    try {
      const page = await this.#page(pageSize, cursor)
      if (filter !== this.filter) return
      this.entries = merged(this.entries, page.activities)
      this.cursor = page.cursor
      this.isPartial = page.partial ?? false
      this.searchedTo = page.searchedTo ?? null
    } catch {
      // The button is still there to be pressed again, and the page says that the server is not.
    } finally {
      this.isLoadingMore = false
    }
  }

  /** The entry above or below another one; the first one where there is no such. */
  neighbour(key: string | undefined, step: 1 | -1): Activity | undefined {
    const at = this.entries.findIndex((entry) => entry.key === key)
    return at < 0 ? this.entries[0] : this.entries[at + step]
  }

  async #load(): Promise<void> {
    const { filter } = this
    const limit = Math.min(most, Math.max(pageSize, this.entries.length))
    try {
      const page = await this.#page(limit, null)
      if (filter !== this.filter) return
      // Beyond what one answer holds, the older part of the list stays as it was.
      const rest = this.entries.length > most ? this.entries.slice(most) : []
      this.entries = merged(page.activities, rest)
      if (rest.length === 0) this.cursor = page.cursor
      this.isPartial = page.partial ?? false
      this.searchedTo = page.searchedTo ?? null
      this.status = 'ready'
    } catch (error) {
      if (filter === this.filter && this.status !== 'ready') this.status = { problem: messageOf(error) }
    }
  }

  #page(limit: number, cursor: string | null): Promise<ActivityPage> {
    const { state, integrationId, q } = this.filter
    return this.#api.get<ActivityPage>('activities', {
      state: state === 'all' ? '' : state,
      integrationId,
      q,
      cursor,
      limit,
    })
  }
}

function merged(newer: Activity[], older: Activity[]): Activity[] {
  const known = new Set(newer.map(({ key }) => key))
  return [...newer, ...older.filter(({ key }) => !known.has(key))]
}
