/** One conversation: its time line as far as it was read, and what is on its way there. */
import type { Attachment } from '../../protocol.ts'
import { ApiError, messageOf } from '../api/client.ts'
import type { Api } from '../api/client.ts'
import type { OperatorRecord, PublicRecord, RecordsPage } from '../api/types.ts'
import { merge } from './merge.ts'
import { coalesced } from './once.ts'
import { Writing } from './writing.svelte.ts'
import type { Written } from './writing.svelte.ts'

/** A reply or a note that the server has not taken yet. */
export interface Outgoing {
  /** The same for every try, so that it is stored once. */
  clientMessageId: string
  kind: Kind
  body: string
  attachments: Attachment[]
  /** Why it did not arrive; null while it is on its way. */
  problem: string | null
}

/** What a person may write. */
export type Kind = 'messages' | 'notes'

/** What a person may decide about a conversation as a whole. */
export type Decision = 'approve-customer' | 'revoke-approval' | 'takeover' | 'handback' | 'resolve' | 'reopen'

const pageSize = 50

/** A conversation. */
export class Conversation {
  readonly key: string
  records: OperatorRecord[] = $state.raw([])
  outgoing: Outgoing[] = $state.raw([])
  status: 'loading' | 'ready' | { problem: string } = $state.raw('loading')
  hasOlder = $state(false)
  isLoadingOlder = $state(false)
  /** Reads what has been added. */
  readonly refresh: () => Promise<void>
  readonly #api: Api
  #first: string | null = null
  #last: string | null = null
  readonly #writing: Writing

  constructor(api: Api, key: string) {
    this.#api = api
    this.key = key
    this.refresh = coalesced(() => this.#refresh())
    this.#writing = new Writing({ key, refresh: this.refresh })
  }

  /** What the assistant is writing, and what the records do not hold yet. */
  get written(): Written[] {
    return this.#writing.turns.filter(({ turnId }) => !this.records.some((record) => turnOf(record) === turnId))
  }

  /** The newest message that customers see. */
  get newest(): PublicRecord | undefined {
    return this.records.findLast((record): record is PublicRecord => record.visibility === 'public')
  }

  async loadOlder(): Promise<void> {
    if (!this.hasOlder || this.isLoadingOlder || this.#first === null) return
    this.isLoadingOlder = true
    try {
      const page = await this.#page({ beforeId: this.#first })
      this.#first = page.firstRecordId ?? this.#first
      this.hasOlder = page.hasMore
      this.#take(page.records)
    } catch {
      // It is asked for again as soon as somebody scrolls.
    } finally {
      this.isLoadingOlder = false
    }
  }

  /** Sends a reply or keeps a note. It stands in the time line at once. */
  async write(kind: Kind, body: string, attachments: Attachment[] = []): Promise<void> {
    const clientMessageId = newId()
    this.outgoing = [...this.outgoing, { clientMessageId, kind, body, attachments, problem: null }]
    await this.retry(clientMessageId)
  }

  /** Sends once more what did not arrive. */
  async retry(clientMessageId: string): Promise<void> {
    const message = this.outgoing.find((each) => each.clientMessageId === clientMessageId)
    if (!message) return
    this.#mark(clientMessageId, null)
    try {
      const { kind, body, attachments } = message
      const files = attachments.length > 0 && { attachments: attachments.map(({ id }) => id) }
      const { record } = await this.#act<{ record: OperatorRecord }>(kind, { body, clientMessageId, ...files })
      this.discard(clientMessageId)
      this.#take([record])
    } catch (error) {
      this.#mark(clientMessageId, messageOf(error))
    }
  }

  /** Gives up on something that did not arrive. Returns its text. */
  discard(clientMessageId: string): string {
    const gone = this.outgoing.find((each) => each.clientMessageId === clientMessageId)
    this.outgoing = this.outgoing.filter((each) => each !== gone)
    return gone?.body ?? ''
  }

  /** Publishes a draft, in other words if they are given. @throws ApiError */
  async approve(draftId: string, body?: string): Promise<void> {
    await this.#decide(`drafts/${draftId}/approve`, body === undefined ? {} : { body })
  }

  /** Sees to it that a draft is never published. @throws ApiError */
  async reject(draftId: string, reason: string): Promise<void> {
    await this.#decide(`drafts/${draftId}/reject`, reason ? { reason } : {})
  }

  /** @throws ApiError */
  async decide(decision: Decision): Promise<void> {
    await this.#decide(decision, {})
  }

  /** Says that the person has seen everything so far. */
  async markRead(upTo: string): Promise<void> {
    await this.#act('read', { upTo })
  }

  /** Tells that the assistant has given a sign of life. */
  wrote(): void {
    this.#writing.look()
  }

  /** Tells whether anybody looks at the conversation. */
  seen(isSeen: boolean): void {
    this.#writing.seen(isSeen)
  }

  close(): void {
    this.#writing.close()
  }

  async #refresh(): Promise<void> {
    try {
      if (this.#last === null) await this.#loadNewest()
      else await this.#loadNewer()
      this.status = 'ready'
    } catch (error) {
      if (error instanceof ApiError && error.code === 'cursor_not_found') {
        this.#last = null
        return this.#refresh()
      }
      const isFatal = error instanceof ApiError && error.status === 404
      if (this.status !== 'ready' || isFatal) this.status = { problem: messageOf(error) }
    }
  }

  async #loadNewest(): Promise<void> {
    const page = await this.#page({})
    this.#first = page.firstRecordId
    this.#last = page.lastRecordId
    this.hasOlder = page.hasMore
    this.records = []
    this.#take(page.records)
  }

  async #loadNewer(): Promise<void> {
    for (let hasMore = true; hasMore;) {
      const page: RecordsPage = await this.#page({ afterId: this.#last })
      this.#last = page.lastRecordId ?? this.#last
      hasMore = page.hasMore
      this.#take(page.records)
    }
  }

  async #decide(path: string, body: object): Promise<void> {
    try {
      await this.#act(path, body)
    } finally {
      // Whoever was too late sees what somebody else has decided.
      await this.refresh()
    }
  }

  /** Adds records; times tell which came first. */
  #take(records: OperatorRecord[]): void {
    if (records.length === 0) return
    this.records = merge(this.records, records)
  }

  #mark(clientMessageId: string, problem: string | null): void {
    this.outgoing = this.outgoing.map((each) =>
      each.clientMessageId === clientMessageId ? { ...each, problem } : each,
    )
  }

  #act<T>(path: string, body: object): Promise<T> {
    return this.#api.post<T>(`conversations/${this.key}/${path}`, body)
  }

  #page(query: Record<string, string | null>): Promise<RecordsPage> {
    return this.#api.get<RecordsPage>(`conversations/${this.key}/records`, { ...query, limit: pageSize })
  }
}

/** The turn whose outcome a record is. */
const turnOf = (record: OperatorRecord): unknown =>
  record.visibility === 'public' ? record.turnId : record.data['turnId']

// Not randomUUID, which pages have only over HTTPS.
const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
