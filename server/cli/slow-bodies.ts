/** Bodies that come a byte at a time: a connection is not held by one for longer than others take. */
import type { Server } from 'node:http'

/** How long a body may take that is no file, in milliseconds. */
const BODY_MS = 20_000

/**
 * Ends the connections of those who take longer. Node knows one limit for all bodies, and files need a longer one; and
 * who answers without reading a body can't give it up.
 */
export function cutOffSlowBodies(server: Server): void {
  server.prependListener('request', (request) => {
    const { headers, url = '' } = request
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0
    if (!hasBody || /^[^?]*\/attachments(\?|$)/.test(url)) return
    const timer = setTimeout(() => request.complete || request.socket.destroy(), BODY_MS)
    timer.unref()
    request.once('end', () => clearTimeout(timer))
  })
}
