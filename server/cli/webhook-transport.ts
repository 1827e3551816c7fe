/** Webhooks by Node's own sockets, which tell where a name leads before anything is sent there. */
import { lookup as systemLookup } from 'node:dns'
import type { LookupAddress } from 'node:dns'
import { request as plainRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from '../webhooks/addresses.ts'
import { AddressError, checkLiteral, mostAnswerBytes } from '../webhooks/transport.ts'
import type { WebhookTransport } from '../webhooks/transport.ts'

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>

/** Options of `createNodeTransport`. */
export interface NodeTransportOptions {
  /** Security: lets whoever makes webhooks reach the server's own network. */
  allowPrivate: boolean
  /** @default the system's resolver */
  resolve?: Resolve
}

/** Makes the transport of the command line. */
export function createNodeTransport({ allowPrivate, resolve = bySystem }: NodeTransportOptions): WebhookTransport {
  /** Where a name leads. One private address among them is enough: which of them is taken is not ours to say. */
  async function addressesOf(hostname: string): Promise<LookupAddress[]> {
    const addresses = await resolve(hostname).catch((cause: unknown) => {
      throw new AddressError('unknown_host', { cause })
    })
    if (addresses.length === 0) throw new AddressError('unknown_host')
    if (!allowPrivate && !addresses.every(({ address }) => isPublicAddress(address))) {
      throw new AddressError('private_address')
    }
    return addresses
  }

  /** What a socket asks before it connects, and connects to: nobody can change the answer in between. */
  const lookup: LookupFunction = (hostname, { all }, done) => {
    addressesOf(hostname).then(
      (addresses) => (all ? done(null, addresses) : done(null, addresses[0]?.address ?? '', addresses[0]?.family)),
      (error: unknown) => done(error as NodeJS.ErrnoException, ''),
    )
  }

  return {
    async check(url) {
      if (allowPrivate) return
      if (checkLiteral(url) === null) await addressesOf(url.hostname)
    },

    async post({ url, headers, body, signal }) {
      const target = new URL(url)
      // A socket looks up names only.
      if (!allowPrivate) checkLiteral(target)
      const request = target.protocol === 'https:' ? secureRequest : plainRequest
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const length = Buffer.byteLength(body)
        // Without an agent: a connection that is kept would be one to an address of earlier.
        const options = { method: 'POST', headers: { ...headers, 'content-length': length }, signal, lookup }
        request(target, { ...options, agent: false }, resolve)
          .on('error', reject)
          .end(body)
      })
      readAway(response)
      return { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] ?? null }
    },
  }
}

/** Lets a receiver finish its answer, within reason. */
function readAway(response: IncomingMessage): void {
  let bytes = 0
  response.on('error', () => {})
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > mostAnswerBytes) response.destroy()
  })
}

const bySystem: Resolve = (hostname) =>
  new Promise((resolve, reject) =>
    systemLookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses))),
  )
