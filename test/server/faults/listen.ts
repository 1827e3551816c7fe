/** A world behind a real socket. */
import { serve } from 'srvx/node'
import type { World } from '../../helpers/world.ts'

/** A socket. */
export interface Listening {
  url: string
  port: number
  close(): Promise<void>
}

/** Listens on a free loopback port, with the settings of the command line. */
export async function listen(world: World): Promise<Listening> {
  const server = serve({
    ...{ port: 0, hostname: '127.0.0.1', silent: true, gracefulShutdown: false },
    fetch: (request) => world.lumika.fetch(request),
    node: { maxHeaderSize: 65_536, keepAliveTimeout: 75_000, headersTimeout: 80_000 },
  })
  await server.ready()
  const url = (server.url ?? '').replace(/\/$/, '')
  return { url, port: Number(new URL(url).port), close: () => server.close(true) }
}
