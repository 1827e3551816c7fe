/** A bad network: what goes through it is cut, reset, stalled, halved, split, delayed, doubled or answered by somebody else. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Chance } from './random.ts'

/** What may happen to a connection. */
export const faults = ['cut', 'reset', 'stall', 'half', 'split', 'delay', 'double', '429', '502'] as const
export type Fault = (typeof faults)[number] | 'none'

/** A running proxy. */
export interface FaultyProxy {
  url: string
  /** How often each fault was played. */
  readonly played: Record<string, number>
  /** From now on everything goes through unharmed. */
  calm(): void
  close(): Promise<void>
}

/** What a proxy needs. */
export interface FaultyProxyOptions {
  /** The ports behind it; each connection goes to one of them, in turn. */
  ports: () => readonly number[]
  chance: Chance
  /** Share of connections that are harmed, 0 to 1. */
  rate: number
}

/** Starts a proxy on a free loopback port. */
export async function startProxy({ ports, chance, rate }: FaultyProxyOptions): Promise<FaultyProxy> {
  const played: Record<string, number> = {}
  const sockets = new Set<Socket>()
  let isCalm = false
  let turn = 0

  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    return socket
  }

  const server = createServer((client) => {
    track(client)
    const fault: Fault = isCalm || chance.next() >= rate ? 'none' : chance.pick(faults)
    played[fault] = (played[fault] ?? 0) + 1
    if (fault === '429' || fault === '502') return answer(client, fault)
    const upstream = () => {
      const open = ports()
      return track(connect(open[turn++ % open.length] as number, '127.0.0.1'))
    }
    const target = upstream()
    target.once('close', () => client.end())
    client.once('close', () => target.destroy())
    harm(fault, client, target, chance, () => isCalm)
    if (fault === 'half') return halve(client, target, chance.between(0, 600))
    client.pipe(target)
    if (fault === 'double') client.pipe(upstream())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    played,
    calm: () => void (isCalm = true),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Passes the answer on, in the way of the fault. */
function harm(fault: Fault, client: Socket, target: Socket, chance: Chance, isCalm: () => boolean): void {
  if (['none', 'double', 'half'].includes(fault)) return void target.pipe(client)
  let left = chance.between(0, 1_500)
  const delay = chance.between(20, 400)
  let sending = Promise.resolve()
  target.on('data', (chunk: Buffer) => {
    sending = sending.then(async () => {
      if (fault === 'split') {
        for (const byte of chunk.subarray(0, 200)) client.write(Uint8Array.of(byte))
        return void client.write(chunk.subarray(200))
      }
      if (fault === 'delay') await new Promise((resolve) => setTimeout(resolve, isCalm() ? 0 : delay))
      if (fault === 'delay') return void client.write(chunk)
      client.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left > 0) return
      if (fault === 'cut') client.destroy()
      if (fault === 'reset') client.resetAndDestroy()
      // A stalled connection says nothing more; the visitor's own patience has to end it.
      if (fault === 'stall') target.pause()
    })
  })
}

/** Breaks off in the middle of what the visitor sends: the server gets the beginning of a request. */
function halve(client: Socket, target: Socket, left: number): void {
  client.on('data', (chunk: Buffer) => {
    target.write(chunk.subarray(0, left))
    left -= chunk.length
    if (left > 0) return
    target.resetAndDestroy()
    client.destroy()
  })
}

function answer(client: Socket, status: '429' | '502'): void {
  const body = status === '429' ? '{"error":{"code":"rate_limited","message":"Slow down."}}' : 'Bad gateway'
  const head = `HTTP/1.1 ${status} Chaos\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close\r\n`
  client.once('data', () => client.end(`${head}content-length: ${body.length}\r\n\r\n${body}`))
}
