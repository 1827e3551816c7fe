/** Code behind a webhook that writes what it is told, when it is told, on a free loopback port. */
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers under a test's control, one at a time. */
export interface Scribe {
  /** What makes a server ask it. */
  start: { args: string[]; env: Record<string, string> }
  /** Adds to the answer that is wanted now; waits until one is. */
  say(text: string): Promise<void>
  /** Ends it. */
  finish(): Promise<void>
  /** Breaks off what is being written, if anything is. */
  dropAll(): void
  close(): Promise<void>
}

/** Starts one. */
export async function startScribe(): Promise<Scribe> {
  let page: ServerResponse | null = null
  let wake = (): void => {}
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).flushHeaders()
    response.once('close', () => page === response && (page = null))
    page = response
    wake()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const wanted = async (): Promise<ServerResponse> => {
    while (!page) await new Promise<void>((resolve) => (wake = resolve))
    return page
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    start: {
      args: ['--responder', 'webhook'],
      env: { LUMIKA_WEBHOOK_URL: url, LUMIKA_WEBHOOK_SECRET: 'a secret of the tests with a scribe' },
    },
    async say(text) {
      const response = await wanted()
      await new Promise((resolve) => response.write(text, resolve))
    },
    async finish() {
      const response = await wanted()
      page = null
      response.end()
    },
    dropAll: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
