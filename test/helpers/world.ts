/** A whole server in this process, on the storage a test asks for, with a responder that counts. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Storage } from 'unstorage'
import type { Integration, IntegrationInput } from '../../server/access/integration.ts'
import { createLumika } from '../../server/index.ts'
import type { Lumika, LumikaOptions } from '../../server/index.ts'
import type { ConversationLog } from '../../server/storage/log.ts'
import { openLog } from '../../server/storage/open.ts'
import { openStorage } from '../../server/storage/url.ts'
import { causing, isAsked } from './cause.ts'
import { startRedis } from './redis.ts'
import { spyResponder } from './responder.ts'
import type { SpyResponder } from './responder.ts'

/** The storages every server test runs on. */
export const storages = ['memory', 'fs', 'redis'] as const
export type StorageKind = (typeof storages)[number]

/** A place to keep conversations that outlives a server. */
export interface Place {
  kind: StorageKind
  open(): Promise<ConversationLog>
  /** Where files are kept beside it: the same place for every server. @default nowhere */
  files?(): Promise<Storage>
  dispose(): Promise<void>
}

/** Makes an empty place. Memory is one log that is never really closed, so that a restart finds it again. */
export async function openPlace(kind: StorageKind): Promise<Place> {
  if (kind === 'memory') {
    const log = await openLog(await openStorage('memory'))
    const open = async () => ({ ...bound(log), shared: log.shared, close: async () => {} })
    const storage = await openStorage('memory')
    return { kind, open, files: async () => storage, dispose: () => log.close() }
  }
  if (kind === 'fs') {
    const dir = await mkdtemp(join(tmpdir(), 'lumika-'))
    const open = async () => openLog(await openStorage(`fs:${dir}`))
    return {
      kind,
      open,
      files: () => openStorage(`fs:${dir}`),
      dispose: () => rm(dir, { recursive: true, force: true }),
    }
  }
  const redis = await startRedis()
  const open = async () => openLog(await openStorage(redis.url))
  return { kind, open, files: () => openStorage(redis.url), dispose: () => redis.stop() }
}

function bound(log: ConversationLog): Omit<ConversationLog, 'shared'> {
  const { append, find, after, before, recent, label, watch, remove, removeIf, close } = log
  return { append, find, after, before, recent, label, watch, remove, removeIf, close }
}

/** What a test may set. */
export interface WorldOptions extends Partial<Omit<LumikaOptions, 'storage'>> {
  responder?: SpyResponder
  integration?: Partial<IntegrationInput>
}

/** A server and what a test needs to talk to it. */
export interface World {
  lumika: Lumika
  responder: SpyResponder
  integration: Integration
  token: string
  /** The calls the log has seen since it was opened, by method, as far as requests caused them before they were answered. */
  calls: Record<string, number>
  /** One more server on the same place: a replica, or the next process. */
  another(options?: WorldOptions): Promise<World>
  /** `GET path?…`; `integrationToken` is added unless given. */
  get(path: string, params?: Record<string, string>, headers?: Record<string, string>): Promise<Response>
  /** `POST path` with a form; `integrationToken` is added unless given. */
  post(path: string, params?: Record<string, string>, headers?: Record<string, string>): Promise<Response>
  /** The bodies in a conversation's history, oldest first. */
  bodies(conversationId: string): Promise<string[]>
  close(): Promise<void>
}

/** The key operators use in tests. */
export const operatorKey = 'operator-key-of-the-tests-0123456789'

/** Starts a server on a place. */
export async function openWorld(place: Place, options: WorldOptions = {}, token?: string): Promise<World> {
  const { responder = spyResponder(), integration: input, ...rest } = options
  const calls: Record<string, number> = {}
  const server = await createLumika({
    storage: counted(await place.open(), calls),
    responders: { spy: responder },
    operatorKey,
    publicUrl: 'http://localhost:3000',
    ...rest,
    ...(place.files && { attachments: { storage: await place.files(), ...rest.attachments } }),
  })
  const lumika = causing(server)
  const known = token === undefined ? null : await lumika.registry.resolve(token)
  const created =
    known && token !== undefined
      ? { ...known, token }
      : await lumika.registry.create({ name: 'Test', kind: 'api', ...input })
  const integrationToken = created.token
  const request = (path: string, params: Record<string, string>, init: RequestInit) => {
    const query = new URLSearchParams({ integrationToken, ...params })
    const isForm = init.method === 'POST'
    const url = `http://localhost:3000${path}${isForm ? '' : `?${query.toString()}`}`
    return lumika.fetch(new Request(url, isForm ? { ...init, body: query } : init))
  }
  const get: World['get'] = (path, params = {}, headers = {}) => request(path, params, { headers })
  return {
    lumika,
    responder,
    integration: created.integration,
    token: integrationToken,
    calls,
    get,
    post: (path, params = {}, headers = {}) => request(path, params, { method: 'POST', headers }),
    another: (more = {}) => openWorld(place, { ...options, ...more }, integrationToken),
    async bodies(conversationId) {
      const page = (await (await get('/conversation/history', { conversationId })).json()) as {
        messages: { body: string }[]
      }
      return page.messages.map((message) => message.body)
    },
    close: () => lumika.close({ graceMs: 0 }),
  }
}

/** A log that counts what is asked of it. */
function counted(log: ConversationLog, calls: Record<string, number>): ConversationLog {
  return new Proxy(log, {
    get(target, name: string) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (isAsked()) calls[name] = (calls[name] ?? 0) + 1
        return (value as (...args: unknown[]) => unknown).apply(target, args)
      }
    },
  })
}
