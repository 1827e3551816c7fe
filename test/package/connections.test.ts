/** Connections that cost something and bring nothing. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { root } from '../helpers/build.ts'
import { allEvents } from '../helpers/sse.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'

/** 10,000 in the long run. */
const abandoned = Number(process.env['LUMIKA_ABANDONED'] ?? 1_000)
const idle = Number(process.env['LUMIKA_IDLE'] ?? 1_000)

const sockets = new Set<Socket>()
const servers: ServerProcess[] = []
const children: ChildProcess[] = []
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(servers.splice(0).map((server) => server.kill()))
})

async function start(args: string[] = []): Promise<ServerProcess> {
  const server = await startServer({ args })
  servers.push(server)
  return server
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  sockets.add(socket)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

const send = (url: string, token: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/conversation/sse`, {
    method: 'POST',
    headers: { origin: 'http://localhost:1234', ...headers },
    body: new URLSearchParams({ integrationToken: token, textContent: 'Hi' }),
  })

describe('F104: slow senders', () => {
  test('F104: heads and bodies that come a byte a second are cut off within 30 s, and hold nobody else up', async () => {
    const server = await start()
    const drip = async (head: string, rest: string) => {
      const socket = await open(server.port)
      const started = performance.now()
      socket.write(head)
      let at = 0
      const timer = setInterval(() => socket.write(rest[at++ % rest.length] as string), 1_000)
      socket.resume()
      await once(socket, 'close')
      clearInterval(timer)
      return (performance.now() - started) / 1000
    }
    const silent = async () => {
      const started = performance.now()
      const socket = await open(server.port)
      socket.resume()
      await once(socket, 'close')
      return (performance.now() - started) / 1000
    }
    const body =
      'POST /conversation/sse HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 5000\r\n\r\n'
    const ends = Promise.all([drip('GET /health HTTP/1.1\r\n', 'x-slow: 1\r\n'), drip(body, 'a=b&'), silent()])
    await Promise.all(Array.from({ length: idle }, () => open(server.port)))
    const events = await allEvents(await send(server.url, server.token))
    expect(events.at(-1)?.type).toBe('done')
    for (const seconds of await ends) expect(seconds).toBeLessThan(30)
  }, 60_000)
})

describe('F105: the address of a visitor', () => {
  const limits = ['--limits', 'messages-per-address=1']
  const from = (address: string) => ({ 'x-forwarded-for': address })

  test('F105: is what a trusted proxy says', async () => {
    const { url, token } = await start([...limits, '--trust-proxy', 'loopback'])
    expect((await send(url, token, from('203.0.113.1'))).status).toBe(200)
    expect((await send(url, token, from('203.0.113.2'))).status).toBe(200)
    expect((await send(url, token, from('203.0.113.1'))).status).toBe(429)
    // Only the last hop is the proxy's own word.
    expect((await send(url, token, from('198.51.100.1, 203.0.113.2'))).status).toBe(429)
  })

  test('F105: is the connection where no proxy is trusted, which is said once', async () => {
    const server = await start(limits)
    expect((await send(server.url, server.token, from('203.0.113.1'))).status).toBe(200)
    expect((await send(server.url, server.token, from('203.0.113.2'))).status).toBe(429)
    expect(server.output().match(/proxy that is not trusted/g)).toHaveLength(1)
    expect(server.output()).not.toContain('203.0.113')
  })
})

describe('F103: streams that are opened and abandoned', () => {
  test(`F103: ${abandoned} of them leave no memory and no open file behind`, async () => {
    const { url, port, token } = await startWeighed()
    const first = await send(url, token)
    const ack = await firstEvent(first)
    const query = new URLSearchParams({
      integrationToken: token,
      conversationId: ack.conversationId,
      lastEventId: `${ack.turnId}.0`,
    })
    const weight = async () =>
      (await (await fetch(`${url}/weight`)).json()) as { heap: number; sockets: number; files: number }

    const leave: ((socket: Socket) => unknown)[] = [
      (socket) => socket.end().destroySoon(),
      (socket) => socket.resetAndDestroy(),
    ]
    const round = async (count: number) => {
      const opened: Socket[] = []
      for (let i = 0; i < count; i += 100) {
        const batch = await Promise.all(Array.from({ length: 100 }, () => open(port)))
        for (const socket of batch) {
          socket.write(`GET /conversation/sse?${query.toString()} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
          socket.resume()
        }
        await Promise.all(batch.map((socket) => once(socket, 'data')))
        opened.push(...batch)
      }
      const during = await weight()
      opened.forEach((socket, i) => leave[i % leave.length]?.(socket))
      await expect.poll(async () => (await weight()).sockets, { timeout: 60_000, interval: 500 }).toBeLessThan(5)
      return during
    }

    // The first round fills what Node keeps for the next ones, such as its parsers.
    await round(abandoned)
    const before = await weight()
    const during = await round(abandoned)
    expect(during.sockets).toBeGreaterThan(abandoned)
    const after = await weight()
    expect(after.files).toBeLessThan(before.files + 5)
    // What one stream leaves behind, in bytes; open, each of them takes more than ten times as much.
    expect((after.heap - before.heap) / abandoned).toBeLessThan(1_000)
    expect((during.heap - before.heap) / abandoned).toBeGreaterThan(5_000)
    await first.body?.cancel()
  }, 180_000)
})

async function startWeighed(): Promise<{ url: string; port: number; token: string }> {
  const child = spawn(process.execPath, ['--expose-gc', `${root}test/helpers/weighed-server.mjs`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { url, token } = JSON.parse(line) as { url: string; token: string }
  return { url: url.replace(/\/$/, ''), port: Number(new URL(url).port), token }
}

/** The first event of a stream that goes on. */
async function firstEvent(response: Response): Promise<{ conversationId: string; turnId: string }> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const { value } = await reader.read()
  reader.releaseLock()
  const data = /data: (.*)\n/.exec(new TextDecoder().decode(value))?.[1] ?? ''
  return JSON.parse(data) as { conversationId: string; turnId: string }
}
