/** A client that does what the contract tells clients to do when storage fails, and takes nothing else for an answer. */
import { expect } from 'vitest'
import type { ErrorBody, HistoryPage } from '../../../protocol.ts'
import { eventOf, eventsOf } from '../../helpers/sse.ts'
import type { Received } from '../../helpers/sse.ts'
import { operatorKey } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'

/** The fields of a send. */
export type SendParams = Record<string, string> & { textContent: string }

/** A client of one server. */
export interface Client {
  /** Sends, and follows the answer to its end, however often it breaks off. `hear` is told of every event. */
  send(method: 'get' | 'post', params: SendParams, hear?: (event: Received) => Promise<void>): Promise<Received[]>
  /** The status of a send that is refused for good. */
  status(method: 'get' | 'post', params: SendParams): Promise<number>
  /** The rest of a stream; null when there is none. */
  resume(params: { conversationId: string; lastEventId: string }): Promise<Received[] | null>
  history(params: Record<string, string>): Promise<HistoryPage>
  stop(params: Record<string, string>): Promise<number>
  /** A call of the operators' API. */
  api(method: string, path: string, body?: unknown): Promise<{ status: number; data: unknown }>
  /** Everything by which the server said that its storage failed. */
  readonly refusals: string[]
}

/** What a client needs. */
export interface ClientOptions {
  world: World
  token: string
  /** Looks into the storage itself: whether it holds the message that a turn answers. */
  isStored: (conversationId: string, turnId: string) => Promise<boolean>
  /** Gets to know every "not now". */
  refusals: string[]
}

/** How often the same request is tried: one call of the storage fails, so the second try has to go through. */
const TRIES = 2

/** Makes a client. */
export function createClient({ world, token, isStored, refusals }: ClientOptions): Client {
  const withToken = (params: Record<string, string>) => ({ integrationToken: token, ...params })

  /** Tries until the answer is another than "not now". */
  async function patiently(request: () => Promise<Response>): Promise<Response> {
    for (let tries = 1; ; tries++) {
      const response = await request()
      if (response.status < 500) return response
      const text = await response.text()
      refusals.push(text)
      expect([response.status, (JSON.parse(text) as ErrorBody).error.code]).toEqual([503, 'storage_unavailable'])
      expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
      expect(tries).toBeLessThan(TRIES)
    }
  }

  const sending = (method: 'get' | 'post', params: SendParams) =>
    patiently(() => world[method]('/conversation/sse', withToken(params)))

  /** Reads a stream to its `done`; where reading broke off, resumes it. */
  async function follow(
    first: Response,
    conversationId: string | undefined,
    hear: (event: Received) => Promise<void> = async () => {},
  ): Promise<Received[]> {
    const events: Received[] = []
    for (let response = first; ;) {
      let failed: Received | undefined
      for await (const event of wholeStream(response)) {
        if (event.type === 'failure' && event.code === 'storage_unavailable') failed = event
        if (event.type === 'ack') {
          if (conversationId !== undefined) expect(event.conversationId).toBe(conversationId)
          expect(await isStored(event.conversationId, event.turnId)).toBe(true)
        }
        if (!failed) events.push(event)
        await hear(event)
      }
      if (!failed) return events
      refusals.push(JSON.stringify(failed))
      // A failure to read stands under the id of what came last, so that a reconnect goes on there.
      expect(failed.id).toBe(events.at(-1)?.id ?? failed.id)
      const params = withToken({
        conversationId: conversationId ?? eventOf(events, 'ack').conversationId,
        lastEventId: failed.id,
      })
      response = await patiently(() => world.get('/conversation/sse', params))
    }
  }

  return {
    refusals,
    send: async (method, params, hear) => follow(await sending(method, params), params.conversationId, hear),

    async status(method, params) {
      const response = await sending(method, params)
      await response.text()
      return response.status
    },

    async resume(params) {
      const response = await patiently(() => world.get('/conversation/sse', withToken(params)))
      return response.status === 204 ? null : follow(response, params.conversationId)
    },

    async history(params) {
      const response = await patiently(() => world.get('/conversation/history', withToken(params)))
      expect(response.status).toBe(200)
      return (await response.json()) as HistoryPage
    },

    stop: async (params) => (await patiently(() => world.post('/conversation/stop', withToken(params)))).status,

    async api(method, path, body) {
      const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' }
      const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
      const response = await patiently(() => world.lumika.fetch(new Request(`http://localhost:3000${path}`, init)))
      const text = await response.text()
      return { status: response.status, data: text === '' ? null : (JSON.parse(text) as unknown) }
    },
  }
}

/** The events of an answer as they come. It ends in `done`, after a `failure` too: never in the middle. */
async function* wholeStream(response: Response): AsyncGenerator<Received> {
  let last: string | undefined
  for await (const event of eventsOf(response)) {
    last = event.type
    yield event
  }
  expect(last).toBe('done')
}
