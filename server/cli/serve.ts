/** `lumika serve`: a socket, storage, responders and the widget's files around one fetch handler. */
import type { Server } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { serve as listen } from 'srvx/node'
import { createLumika } from '../index.ts'
import type { Lumika } from '../index.ts'
import type { Logger } from '../logger.ts'
import { isLogError } from '../storage/log.ts'
import { openStorage } from '../storage/url.ts'
import { loadAssets } from './assets.ts'
import { StartError, UsageError } from './errors.ts'
import { localToken, prepare } from './first-start.ts'
import type { Environment, ServeOptions } from './flags.ts'
import { createResponders } from './responders.ts'
import { cutOffSlowBodies } from './slow-bodies.ts'
import { createNodeTransport } from './webhook-transport.ts'
import { announce } from './welcome.ts'

/** What `serve` runs in. */
export interface ServeContext {
  env: Environment
  logger: Logger
  /** The folder the widget and the demo were built into. */
  assetFolder: string
  /** Takes plain lines for the person who starts the server. */
  print: (text: string) => void
}

/** A running server. */
export interface RunningServer {
  url: string
  /** Takes no new messages, lets running answers finish, then gives everything back. */
  stop(): Promise<void>
}

const graceMs = 10_000
const flushMs = 1_000

const connectionLimits = {
  /** Bytes: 4,000 non-Latin characters fit a GET. */
  maxHeaderSize: 65_536,
  /** Milliseconds: an idle connection outlives the time between two of the widget's polls, so that none reconnects. */
  keepAliveTimeout: 55_000,
  /** Milliseconds: whoever sends a head a byte at a time holds a connection no longer than this. */
  headersTimeout: 15_000,
  /** Milliseconds: a file may take its time. For all other bodies there is `cutOffSlowBodies`. */
  requestTimeout: 250_000,
  connectionsCheckingInterval: 5_000,
}

/** Starts the server. @throws StartError, UsageError */
export async function serve(options: ServeOptions, context: ServeContext): Promise<RunningServer> {
  const { env, logger, assetFolder, print } = context
  const responders = createResponders(options.responder, env)
  const storage = await storageAt(options.storage)
  const watchForProxies = options.trustProxy ? () => {} : createProxyWatch(logger)

  let demoToken = (): string | null => null
  const assets = loadAssets({ folder: assetFolder, demoToken: () => demoToken() })

  let handle: (request: Request) => Promise<Response> | Response = () => notYet()
  const server = listen({
    port: options.port,
    hostname: options.host,
    fetch: (request) => {
      watchForProxies(request)
      return handle(request)
    },
    manual: true,
    silent: true,
    gracefulShutdown: false,
    ...(options.trustProxy && { trustProxy: options.trustProxy }),
    node: connectionLimits,
  })
  cutOffSlowBodies(server.node?.server as Server)
  // The port comes first: an operator key that was made and stored must also be shown.
  try {
    await server.serve()
  } catch (error) {
    await storage.dispose()
    throw new StartError(listenFailure(error, options), { cause: error })
  }
  const url = addressOf(options.host, new URL(server.url ?? '').port)

  let lumika: Lumika | undefined
  try {
    lumika = await createLumika({
      storage,
      responders,
      defaultResponder: options.responder,
      publicUrl: options.publicUrl ?? url,
      listeningUrl: url,
      ...(options.operatorKey !== undefined && { operatorKey: options.operatorKey }),
      assets,
      limits: options.limits,
      attachments: { maxBytes: options.maxAttachmentBytes },
      webhooks: { transport: createNodeTransport({ allowPrivate: options.allowPrivateWebhooks }) },
      log: logger,
    })
    const { fetch, registry } = lumika
    const { operatorKey } = await prepare(registry)
    demoToken = () => localToken(registry.list())
    handle = fetch
    announce({
      url,
      publicUrl: options.publicUrl ?? url,
      token: demoToken(),
      operatorKey,
      pinned: assets.pinned,
      json: options.json,
      logger,
      print,
    })
  } catch (error) {
    await lumika?.close({ graceMs: 0 })
    await storage.dispose()
    await server.close(true)
    throw isLogError(error) ? new StartError(error.message, { cause: error }) : error
  }

  const { close } = lumika
  return {
    url,
    async stop() {
      await close({ graceMs })
      // What has been said may still be on its way out.
      await Promise.race([server.close(), setTimeout(flushMs, undefined, { ref: false })])
      await server.close(true)
      await storage.dispose()
    },
  }
}

async function storageAt(address: string): ReturnType<typeof openStorage> {
  try {
    return await openStorage(address)
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message, { cause: error }) : error
  }
}

const notYet = (): Response => new Response(null, { status: 503, headers: { 'retry-after': '1' } })

/** Says once that visitors come through a proxy nobody named: they all count as one address then. */
function createProxyWatch(logger: Logger): (request: Request) => void {
  let isSaid = false
  return (request) => {
    if (isSaid || !request.headers.has('x-forwarded-for')) return
    isSaid = true
    logger.warn(
      'requests come through a proxy that is not trusted, so all visitors share its address and its rate limits; ' +
        'name it: --trust-proxy loopback, or its addresses',
    )
  }
}

/** The address to open in a browser on this machine. */
function addressOf(host: string, port: string): string {
  const isLocal = ['127.0.0.1', '::1', '0.0.0.0', '::', 'localhost'].includes(host)
  const name = isLocal ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}${port ? `:${port}` : ''}`
}

function listenFailure(error: unknown, { host, port }: ServeOptions): string {
  const { code, message } = error as { code?: string; message: string }
  if (code === 'EADDRINUSE') {
    return `Port ${port} of ${host} is in use. Stop the other program, or choose a port: --port ${port + 1}`
  }
  if (code === 'EACCES') return `Port ${port} may not be used by this user. Choose one above 1023: --port 3000`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `This computer has no address ${host}. Check --host.`
  return `Could not listen on ${host}, port ${port}: ${message}`
}
