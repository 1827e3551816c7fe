/** Somebody's help desk on a free loopback port: plain JSON, no streams. What the guide to adapters is written for. */
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AdapterError } from '../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../adapters/memory.ts'

/** A running help desk. */
export interface FakeHelpDesk {
  url: string
  /** A person replies. */
  reply(conversationId: string, body: string): void
  close(): Promise<void>
}

/** Starts one. @param answer what the assistant says; null: nothing, until it is stopped */
export async function startFakeHelpDesk(answer: (text: string) => string | null): Promise<FakeHelpDesk> {
  const backend = createMemoryAdapter({ delayMs: 0, reply: (text) => answer(text) ?? new Promise(() => {}) })
  /** The turns, by the ids of their questions. */
  const turns = new Map<string, string>()

  const ask = async (conversationId: string, { key, text }: { key: string; text: string }) => {
    for await (const { event } of backend.send({ conversationId, clientMessageId: key, text })) {
      if (event.type !== 'ack') continue
      turns.set(event.userMessageId, event.turnId)
      return { id: event.userMessageId, replayed: event.replayed }
    }
    throw new Error('no ack')
  }
  const wait = async (conversationId: string, questionId: string) => {
    const lastEventId = `${turns.get(questionId) ?? 'none'}.0`
    for await (const { event } of backend.resume({ conversationId, lastEventId }))
      if (event.type === 'message') return { answer: event.message }
    return { answer: null }
  }
  const list = async (conversationId: string, query: URLSearchParams) => {
    const [afterId, beforeId] = [query.get('afterId'), query.get('beforeId')]
    const { messages, hasMore, activeTurn } = await backend.history({
      conversationId,
      ...(afterId && { afterId }),
      ...(beforeId && { beforeId }),
      ...{ limit: Number(query.get('limit')), wait: Number(query.get('wait')) },
    })
    const id = activeTurn?.userMessageId
    return { messages, hasMore, ...(id && { activeTurn: { turnId: id, userMessageId: id } }) }
  }

  const handle = async (request: IncomingMessage): Promise<unknown> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://desk')
    const path = /^\/chats\/([^/]+)\/messages(?:\/([^/]+)\/answer)?$/.exec(pathname)
    if (!path) throw new Error('There is nothing here.')
    const conversationId = decodeURIComponent(path[1] ?? '')
    const questionId = path[2]
    switch (`${request.method} ${questionId ? 'answer' : 'messages'}`) {
      case 'POST messages':
        return ask(conversationId, JSON.parse(await bodyOf(request)))
      case 'GET messages':
        return list(conversationId, searchParams)
      case 'GET answer':
        return wait(conversationId, questionId ?? '')
      case 'DELETE answer':
        await backend.stop({ conversationId, turnId: turns.get(questionId ?? '') ?? '' })
        return {}
    }
  }

  const server = createServer((request, response) => {
    handle(request)
      .then((body) => ({ status: 200, body }))
      .catch(({ status, code, message }: AdapterError) => ({ status, body: { code, message } }))
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      })
      .catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reply: (conversationId, body) => void backend.postOperatorMessage(conversationId, body),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}
