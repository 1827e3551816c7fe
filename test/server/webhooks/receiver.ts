/** Somebody's receiver of webhooks on a free loopback port, and a server that may send to it. */
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFetchTransport } from '../../../server/webhooks/transport.ts'
import type { WebhookSettings } from '../../../server/webhooks/webhooks.ts'
import { operatorKey } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'

/** What arrived. */
export interface Arrived {
  id: string
  type: string
  createdAt: string
  integrationId: string
  conversationId: string
  key: string
  record: { id: string; type: string; body?: string }
}

/** A request, as it came. */
export interface Received {
  headers: IncomingHttpHeaders
  /** The body's exact text. */
  text: string
  event: Arrived
}

/** A receiver. */
export interface Receiver {
  url: string
  /** Every request so far, oldest first. */
  requests: Received[]
  /** How it answers from now on. @default 204 */
  answer: (event: Arrived, response: ServerResponse) => void
  /** What arrived of a type: the bodies of its records, each once, in the order of their first arrival. */
  bodies(type: string): (string | undefined)[]
  close(): Promise<void>
}

/** Starts one. */
export async function startReceiver(): Promise<Receiver> {
  const requests: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const event = JSON.parse(text) as Arrived
      requests.push({ headers: request.headers, text, event })
      receiver.answer(event, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    requests,
    answer: (_event, response) => void response.writeHead(204).end(),
    bodies(type) {
      const events = new Map(requests.map(({ event }) => [event.id, event]))
      return [...events.values()].filter((event) => event.type === type).map(({ record }) => record.body)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return receiver
}

/** Settings of servers that may send to this machine, and do not wait long. */
export const quick: WebhookSettings = {
  transport: createFetchTransport({ allowPrivate: true }),
  delays: [20, 20, 20],
  timeoutMs: 5_000,
}

/** Whether a request is signed with a secret; written from the documentation, and not with our own helper. */
export function isSigned({ headers, text }: Received, secret: string): boolean {
  const header = String(headers['lumika-signature'])
  const time = /^t=(\d+),/.exec(header)?.[1] ?? ''
  const mac = createHmac('sha256', secret).update(`${time}.${text}`).digest('hex')
  return header === `t=${time},v1=${mac}` && Math.abs(Date.now() / 1_000 - Number(time)) < 300
}

/** A call of the operator API. */
export async function api<T>(
  world: Pick<World, 'lumika'>,
  path: string,
  body?: object,
  method = body ? 'POST' : 'GET',
) {
  const headers = { authorization: `Bearer ${operatorKey}`, ...(body && { 'content-type': 'application/json' }) }
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
  const response = await world.lumika.fetch(new Request(`http://localhost:3000/api${path}`, init))
  const text = await response.text()
  return { status: response.status, body: (text ? JSON.parse(text) : null) as T }
}

/** Makes a webhook. */
export async function register(
  world: Pick<World, 'lumika'>,
  url: string,
  events: string[] = ['message.created', 'conversation.waiting', 'draft.created'],
  more: object = {},
): Promise<{ id: string; secret: string }> {
  const { body } = await api<{ webhook: { id: string }; secret: string }>(world, '/webhooks', { url, events, ...more })
  return { id: body.webhook.id, secret: body.secret }
}
