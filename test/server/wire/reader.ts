/** Somebody who reads `GET /conversation/history`, and a conversation that is long enough for it. */
import { afterAll, beforeAll, expect } from 'vitest'
import type { ConversationRecord, ErrorBody, HistoryPage } from '../../../protocol.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { PublicValue } from '../../../server/conversations/values.ts'
import { spyResponder } from '../../helpers/responder.ts'
import { allEvents } from '../../helpers/sse.ts'
import type { Received } from '../../helpers/sse.ts'
import { openPlace, openWorld } from '../../helpers/world.ts'
import type { StorageKind, World } from '../../helpers/world.ts'
import { watchPlace } from './watched.ts'
import type { WatchedPlace } from './watched.ts'

/** Where it is read. */
export const path = '/conversation/history'
/** For what takes a moment on a busy machine. */
export const patience = { timeout: 10_000 }
/** A conversation of 210 records. */
export const long = 'long'

let count = 0
/** The id of a conversation that nobody has used. */
export const fresh = (): string => `reader-${++count}`
/** The bodies of a page. */
export const bodiesOf = (page: HistoryPage): string[] => page.messages.map(({ body }) => body)
/** What `long` says from one number up to another. */
export const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `${from + n}`)

/** A server with a conversation to read. */
export interface Reader {
  place: WatchedPlace
  world: World
  /** All records of `long`. */
  all: ConversationRecord[]
  /** What the responder says; without it, it repeats what was written. */
  say: Parameters<typeof spyResponder>[0]
  read(params: Record<string, string>, from?: World): Promise<HistoryPage>
  /** The status and the code of a request that is refused. */
  refusal(query: string): Promise<[number, string]>
  send(conversationId: string, textContent: string, to?: World): Promise<Received[]>
}

/** Opens a server before all tests of a block, and closes it after them. */
export function openReader(kind: StorageKind): Reader {
  const reader: Reader = { say: undefined, all: [], read, refusal, send } as unknown as Reader
  beforeAll(async () => {
    reader.place = watchPlace(await openPlace(kind))
    const responder = spyResponder((request) => reader.say?.(request) ?? [`You said: ${request.text}`])
    reader.world = await openWorld(reader.place, { responder })
    await fill(long, 210)
    const { all } = reader
    for (let page = await read({ conversationId: long }); ;) {
      all.unshift(...page.messages)
      if (!page.hasMore) break
      page = await read({ conversationId: long, beforeId: all[0]?.id ?? '' })
    }
  })
  afterAll(async () => {
    await reader.world.close()
    await reader.place.dispose()
  })

  /** Puts records into a conversation without asking a responder. */
  async function fill(conversationId: string, records: number): Promise<void> {
    const key = conversationKey(reader.world.integration.id, conversationId)
    const value = (n: number): PublicValue => ({
      actor: n % 2 ? 'assistant' : 'customer',
      type: 'message',
      body: `${n}`,
    })
    await Promise.all(Array.from({ length: records }, (_, n) => reader.place.log.append(key, 'public', value(n))))
  }

  async function read(params: Record<string, string>, from: World = reader.world): Promise<HistoryPage> {
    const response = await from.get(path, params)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    return (await response.json()) as HistoryPage
  }

  async function refusal(query: string): Promise<[number, string]> {
    const url = `http://localhost:3000${path}?integrationToken=${reader.world.token}&${query}`
    const response = await reader.world.lumika.fetch(new Request(url))
    return [response.status, ((await response.json()) as ErrorBody).error.code]
  }

  async function send(conversationId: string, textContent: string, to = reader.world): Promise<Received[]> {
    return allEvents(await to.get('/conversation/sse', { conversationId, textContent }))
  }
  return reader
}
