/** A replica in a process of its own, that can be paused, limited and run by another user. Bundled by the tests that start it. */
import { serve } from 'srvx/node'
import { createLumika } from '../../../server/index.ts'
import { createOpenAIResponder } from '../../../server/responders/openai.ts'
import { withTimeouts } from '../../../server/responders/timeouts.ts'
import { openStorage } from '../../../server/storage/url.ts'

/** What it is told, as JSON, by its only argument. */
export interface ReplicaSettings {
  storage: string
  operatorKey: string
  leaseMs: number
  /** The base URL of the model that answers, and how long its first word may take. */
  model: string
  firstPieceMs: number
}

const settings = JSON.parse(process.argv[2] ?? '') as ReplicaSettings
const model = createOpenAIResponder({ model: 'fake-1', baseUrl: settings.model })
const lumika = await createLumika({
  storage: await openStorage(settings.storage),
  responders: { spy: withTimeouts(model, { firstPieceMs: settings.firstPieceMs }) },
  operatorKey: settings.operatorKey,
  leaseMs: settings.leaseMs,
})
const server = serve({
  ...{ port: 0, hostname: '127.0.0.1', silent: true, gracefulShutdown: false },
  fetch: (request) => lumika.fetch(request),
})
await server.ready()
process.stdout.write(`${server.url ?? ''}\n`)
