/** Operators and customers of three integrations: one is answered at once, one by drafts, one by people alone. */
import { afterAll, beforeAll, expect } from 'vitest'
import type { ErrorBody, HistoryPage } from '../../../protocol.ts'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { RecordsPage } from '../../../server/conversations/records.ts'
import { allEvents } from '../../helpers/sse.ts'
import { openPlace, openWorld, operatorKey } from '../../helpers/world.ts'
import type { StorageKind, World } from '../../helpers/world.ts'
import { watchPlace } from './watched.ts'
import type { WatchedPlace } from './watched.ts'

export const home = 'http://localhost:3000'
/** For what takes a moment on a busy machine. */
export const patience = { timeout: 10_000 }
let count = 0
/** The id of a customer who has never been here. */
export const fresh = (): string => `customer-${++count}`

/** What a conversation is called at `/api`. */
export const keyOf = ({ integration }: CreatedToken, id: string): string => conversationKey(integration.id, id)
/** What a page of the history says. */
export const bodies = (page: HistoryPage): string[] => page.messages.map(({ body }) => body)
/** The status and the code of an answer that is an error. */
export const error = async (response: Response): Promise<[number, string]> => [
  response.status,
  ((await response.json()) as ErrorBody).error.code,
]

/** A server and its integrations. */
interface Scene {
  place: WatchedPlace
  world: World
  auto: CreatedToken
  approval: CreatedToken
  people: CreatedToken
}

/** Opens a server before all tests of a block, and closes it after them. */
export function openScene(kind: StorageKind) {
  const scene = {} as Scene
  beforeAll(async () => {
    scene.place = watchPlace(await openPlace(kind))
    scene.world = await openWorld(scene.place)
    const { registry } = scene.world.lumika
    scene.auto = await registry.create({ name: 'Auto', kind: 'api' })
    scene.approval = await registry.create({ name: 'Approval', kind: 'api', responseMode: 'approval' })
    scene.people = await registry.create({ name: 'People', kind: 'api', responder: null })
  })
  afterAll(async () => {
    await scene.world.close()
    await scene.place.dispose()
  })

  async function api(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return scene.world.lumika.fetch(
      new Request(`${home}/api${path}`, {
        headers: {
          authorization: `Bearer ${operatorKey}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      }),
    )
  }

  async function read<T>(path: string): Promise<T> {
    const response = await api(path)
    expect([path, response.status]).toEqual([path, 200])
    expect(response.headers.get('cache-control')).toBe('no-store')
    return (await response.json()) as T
  }

  const records = (key: string, query = '') => read<RecordsPage>(`/conversations/${key}/records${query}`)
  const reply = (key: string, body: unknown) => api(`/conversations/${key}/messages`, body)
  const send = async ({ token }: CreatedToken, conversationId: string, textContent: string) =>
    allEvents(await scene.world.get('/conversation/sse', { integrationToken: token, conversationId, textContent }))
  const history = async ({ token }: CreatedToken, conversationId: string, more: Record<string, string> = {}) =>
    (await (
      await scene.world.get('/conversation/history', { integrationToken: token, conversationId, ...more })
    ).json()) as HistoryPage

  async function draftsOf(key: string): Promise<(string | undefined)[]> {
    const page = await records(key)
    return page.records.filter(({ type }) => type === 'draft').map(({ body }) => body)
  }

  return Object.assign(scene, { api, read, records, reply, send, history, draftsOf })
}
