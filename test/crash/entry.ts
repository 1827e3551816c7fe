/**
 * The process that dies: the real server on real storage and a real socket, put together as the command line does it,
 * with moments to die at around its log, its responder and its streams. `server.ts` bundles and starts it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { inspect } from 'node:util'
import { serve } from 'srvx/node'
import { paths } from '../../protocol.ts'
import { createFetchTransport, createLumika, createScrypt } from '../../server/index.ts'
import type { LogFields } from '../../server/logger.ts'
import { isLogError } from '../../server/storage/log.ts'
import type { ConversationLog } from '../../server/storage/log.ts'
import { openFilesystemLog } from '../../server/storage/filesystem.ts'
import { openLog } from '../../server/storage/open.ts'
import { openStorage } from '../../server/storage/url.ts'
import { createDoom } from './doom.ts'
import { doomedFetch, doomedLog, doomedResponder } from './doomed.ts'
import { doomRedis, doomedFs } from './steps.ts'
import type { FromServer, ServerSettings, ToServer } from './server.ts'

const settings = JSON.parse(process.env.LUMIKA_CRASH ?? '') as ServerSettings
const doom = createDoom(settings.notes)
doom.arm(settings.armed)
doomRedis(doom)
const tell = (message: FromServer): void => void process.send?.(message)
const complain = (message: string, fields: LogFields = {}): void =>
  void process.stderr.write(`${message} ${inspect(fields)}\n`)

process.on('disconnect', () => process.exit(1))
process.on('message', ({ arm }: ToServer) => {
  doom.arm(arm)
  tell({ armed: arm })
})

const lumika = await createLumika({
  storage: doomedLog(await openWhenFree(), doom),
  responders: { doomed: doomedResponder(settings.notes, doom, () => settings.gapMs) },
  operatorKey: settings.operatorKey,
  passwords: createScrypt({ logN: 10 }),
  publicUrl: 'http://127.0.0.1',
  leaseMs: settings.leaseMs,
  webhooks: { transport: createFetchTransport({ allowPrivate: true }), leaseMs: settings.leaseMs },
  log: { info: () => {}, warn: complain, error: complain },
})
const handle = doomedFetch(lumika.fetch, doom)
const server = serve({
  port: 0,
  hostname: '127.0.0.1',
  silent: true,
  gracefulShutdown: false,
  fetch: (request) => {
    if (request.url.includes(paths.sse)) tell({ busy: true })
    return handle(request)
  },
})
await server.ready()
tell({ ready: Number(new URL(server.url ?? '').port) })

/** Opens the log; one that waits for its turn asks again until the folder's lock is free. */
async function openWhenFree(): Promise<ConversationLog> {
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!settings.isPatient || !isLogError(error, 'storage_locked')) throw error
      tell({ waiting: true })
      await pause(50)
    }
  }
}

async function open(): Promise<ConversationLog> {
  const onAlert = (message: string) => complain(`alert: ${message}`)
  const [, base] = /^fs:(.*)$/.exec(settings.storage) ?? []
  return base === undefined
    ? openLog(await openStorage(settings.storage), { onAlert })
    : openFilesystemLog({ base, fs: doomedFs(doom), onAlert })
}
