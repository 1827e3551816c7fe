/** A shop whose visitors send files, over a real socket. */
import { createConnection } from 'node:net'
import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import type { Attachment, HistoryPage } from '../../../protocol.ts'
import type { IntegrationInput } from '../../../server/access/integration.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { openWorld, operatorKey } from '../../helpers/world.ts'
import type { Place, World, WorldOptions } from '../../helpers/world.ts'
import { listen } from '../faults/listen.ts'

/** A shop, and one conversation in it. */
export interface Shop {
  world: World
  url: string
  conversationId: string
  key: string
  /** Uploads a file. */
  upload(body: BodyInit, params?: Record<string, string>, init?: RequestInit): Promise<Response>
  /** Uploads a file that has to be taken. */
  uploaded(body: BodyInit, name?: string): Promise<Attachment>
  /** Uploads a file, all but what is cut off. */
  cutOff(body: Uint8Array, announced: number): Promise<void>
  send(textContent: string, attachments: string[], params?: Record<string, string>): Promise<Response>
  fetch(id: string, init?: RequestInit): Promise<Response>
  /** A call of the operators'. */
  ask(path: string, method?: string, body?: object): Promise<Response>
  history(): Promise<HistoryPage>
  /** A second server on the same place. */
  nextDoor(options?: WorldOptions): Promise<Shop>
  close(): Promise<void>
}

/** The names of all pieces of files that are stored. */
export async function stored(place: Place): Promise<string[]> {
  const storage = await place.files?.()
  if (!storage) return []
  const { driver } = storage.getMount('')
  if (driver.name === 'redis') await (driver.getInstance?.() as Redis).connect()
  const names = await storage.getKeys('attachments')
  // What is in memory is the servers' own.
  if (place.kind !== 'memory') await storage.dispose()
  return names.map((name) => name.replace(/^attachments:/, ''))
}

/** The ids of the files of which something is stored. */
export const storedIds = async (place: Place): Promise<string[]> =>
  [...new Set((await stored(place)).map((name) => name.split('.')[0] ?? ''))].toSorted()

let count = 0

/** Opens a shop that takes files. */
export async function openShop(
  place: Place,
  integration: Partial<IntegrationInput> = {},
  options: WorldOptions = {},
): Promise<Shop> {
  return shopOf(
    await openWorld(place, { integration: { attachments: true, responder: null, ...integration }, ...options }),
    `c_${`visitor-of-the-shop-${++count}`.padEnd(30, '-')}`,
  )
}

async function shopOf(world: World, conversationId: string): Promise<Shop> {
  const socket = await listen(world)
  const key = conversationKey(world.integration.id, conversationId)
  const queryOf = (params: Record<string, string>) =>
    new URLSearchParams({ integrationToken: world.token, conversationId, ...params }).toString()
  const shop: Shop = {
    ...{ world, conversationId, key, url: socket.url },
    upload: (body, params = {}, init = {}) =>
      fetch(`${socket.url}/conversation/attachments?${queryOf({ name: 'file.bin', ...params })}`, {
        method: 'POST',
        headers: { 'content-type': 'text/html' },
        body,
        ...(body instanceof ReadableStream && { duplex: 'half' }),
        ...init,
      }),
    async uploaded(body, name = 'picture.png') {
      const response = await shop.upload(body, { name })
      const answer = (await response.json()) as { attachment: Attachment }
      expect([response.status, answer]).toEqual([201, answer])
      return answer.attachment
    },
    async cutOff(body, announced) {
      const { port, host } = new URL(socket.url)
      const path = `/conversation/attachments?${queryOf({ name: 'cut.png' })}`
      const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${announced}\r\n\r\n`
      await new Promise<void>((resolve, reject) => {
        const connection = createConnection(Number(port), '127.0.0.1', () => {
          connection.write(head)
          connection.write(body, () => connection.destroy())
        })
        connection.once('close', () => resolve())
        connection.once('error', reject)
      })
    },
    send: (textContent, attachments, params = {}) =>
      world.post('/conversation/sse', { conversationId, textContent, attachments: attachments.join(), ...params }),
    fetch: (id, init) => fetch(`${socket.url}/conversation/attachments/${id}`, init),
    ask: (path, method = 'GET', body) =>
      fetch(`${socket.url}/api${path}`, {
        method,
        headers: { authorization: `Bearer ${operatorKey}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      }),
    history: async () => (await (await world.get('/conversation/history', { conversationId })).json()) as HistoryPage,
    nextDoor: async (options) => shopOf(await world.another(options), conversationId),
    async close() {
      await socket.close()
      await world.close()
    },
  }
  return shop
}
