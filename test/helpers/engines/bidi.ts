/** A client of WebDriver BiDi (w3.org/TR/webdriver-bidi): JSON over one WebSocket, commands numbered, events named. */
import { once } from 'node:events'
import { WebSocket } from 'ws'

/** A connection to a browser. */
export interface Bidi {
  /** Sends a command. @throws Error with the browser's own words when it is refused or the connection ends */
  send<T = unknown>(method: string, parameters?: Record<string, unknown>): Promise<T>
  /** Listens to an event, which has to be subscribed to. */
  on(event: string, listener: (parameters: Record<string, unknown>) => void): void
  close(): void
}

interface Message {
  type: 'success' | 'error' | 'event'
  id: number
  result: unknown
  message: string
  method: string
  params: Record<string, unknown>
}

/** Connects to `ws://…/session`. */
export async function connectBidi(url: string): Promise<Bidi> {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  const listeners = new Map<string, ((parameters: Record<string, unknown>) => void)[]>()
  let count = 0

  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message
    if (message.type === 'event') return listeners.get(message.method)?.forEach((listener) => listener(message.params))
    const { resolve, reject } = waiting.get(message.id) ?? {}
    waiting.delete(message.id)
    if (message.type === 'success') resolve?.(message.result)
    else reject?.(new Error(message.message))
  })
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('The browser is gone.'))
  })

  return {
    send: <T>(method: string, params: Record<string, unknown> = {}) => {
      const id = ++count
      return new Promise<T>((resolve, reject) => {
        if (socket.readyState !== WebSocket.OPEN) return reject(new Error('The browser is gone.'))
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
        socket.send(JSON.stringify({ id, method, params }))
      })
    },
    on: (event, listener) => void listeners.set(event, [...(listeners.get(event) ?? []), listener]),
    close: () => socket.close(),
  }
}
