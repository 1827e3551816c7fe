/** The composition root: from options to one fetch handler. */
import { H3 } from 'h3'
import type { HTTPError } from 'h3'
import type { Storage } from 'unstorage'
import { visitorPaths } from '../protocol.ts'
import { createAttachments } from './attachments/attachments.ts'
import type { AttachmentSettings } from './attachments/attachments.ts'
import { createAudit } from './access/audit.ts'
import { corsHeaders } from './access/cors.ts'
import { createOperators } from './access/operators.ts'
import { createScrypt } from './access/passwords.ts'
import type { Passwords } from './access/passwords.ts'
import { createCannedReplies } from './access/canned-replies.ts'
import { createRegistry } from './access/registry.ts'
import type { Registry } from './access/registry.ts'
import { createSessions } from './access/sessions.ts'
import { createSightings } from './access/sightings.ts'
import { assetAt, serveAsset } from './assets.ts'
import type { Assets } from './assets.ts'
import { createLive } from './conversations/live.ts'
import { createPresence } from './conversations/presence.ts'
import { createTrial } from './conversations/responder-trial.ts'
import { createRetention } from './conversations/retention.ts'
import type { RetentionOptions } from './conversations/retention.ts'
import { createConversations } from './conversations/service.ts'
import { createVisitorTyping } from './conversations/visitor-typing.ts'
import { HttpError } from './errors.ts'
import { createBudget, dropCounts } from './limits/budget.ts'
import { createLimits } from './limits/limits.ts'
import { limitSettings } from './limits/settings.ts'
import type { LimitSettings } from './limits/settings.ts'
import { createUsage } from './limits/usage.ts'
import { discreet, silentLogger } from './logger.ts'
import type { Logger } from './logger.ts'
import { withCounts } from './responders/counted.ts'
import { createEchoResponder } from './responders/echo.ts'
import type { Responder } from './responders/responder.ts'
import { withTimeouts } from './responders/timeouts.ts'
import { errorAnswer } from './routes/answers.ts'
import { apiAttachmentRoutes } from './routes/api/attachments.ts'
import { apiConversationRoutes } from './routes/api/conversations.ts'
import { cannedRoutes } from './routes/api/canned.ts'
import { deskRoutes } from './routes/api/desk.ts'
import { createDoor } from './routes/api/door.ts'
import { insightRoutes } from './routes/api/insight.ts'
import { installRoutes } from './routes/api/install.ts'
import { integrationRoutes } from './routes/api/integrations.ts'
import { invitationRoutes } from './routes/api/invitations.ts'
import { operatorsRoutes } from './routes/api/operators.ts'
import { attachmentRoutes } from './routes/attachments.ts'
import { configRoutes } from './routes/config.ts'
import { personDataRoutes } from './routes/api/person-data.ts'
import { responderTestRoutes } from './routes/api/responder-test.ts'
import { sessionRoutes } from './routes/api/session.ts'
import { visitorRoutes } from './routes/visitor.ts'
import { webhookRoutes } from './routes/api/webhooks.ts'
import { conversationRoutes } from './routes/conversation.ts'
import { dashboardRoutes } from './routes/dashboard.ts'
import { healthRoutes } from './routes/health.ts'
import { openapiRoutes } from './routes/openapi.ts'
import { openBlobs } from './storage/blobs.ts'
import type { ConversationLog } from './storage/log.ts'
import { openCounters, openLog } from './storage/open.ts'
import { createWebhooks } from './webhooks/webhooks.ts'
import type { WebhookSettings } from './webhooks/webhooks.ts'

/** How a server is made. */
export interface LumikaOptions {
  /** Where conversations are kept: an unstorage `Storage`, whose driver decides the layout, or a log of your own. */
  storage: Storage | ConversationLog
  /** Who may write answers, by name. @default { echo }, a demo that repeats the text */
  responders?: Record<string, Responder>
  /** The responder of integrations that name none. @default the first of `responders` */
  defaultResponder?: string
  /**
   * The address this server is reached by. Used in snippets, and to tell the Dashboard's requests from other pages'.
   * @default 'http://localhost:3000' where an address has to be shown
   */
  publicUrl?: string
  /** The address this server listens at, where the Dashboard is opened as well. @default only the public one */
  listeningUrl?: string
  /** The operators' key. Security: whoever has it may do everything. @default the one kept from before, if any */
  operatorKey?: string
  /** How operators' passwords are kept. @default scrypt, of Node's own crypto */
  passwords?: Passwords
  /** The widget's files, and whatever else is to be served. @default none */
  assets?: Assets
  /** Where the server tells what happened. @default nowhere */
  log?: Logger
  /** The wall clock, in milliseconds. @default Date.now */
  now?: () => number
  /** How much may be asked of the server. Replicas on one Redis count messages together. @default `defaultLimits` */
  limits?: Partial<LimitSettings>
  /** How long a process that writes an answer may be silent before another takes over, in milliseconds. @default 30_000 */
  leaseMs?: number
  /** How often drafts are looked for that nobody has decided about in time, in milliseconds. @default 5_000 */
  sweepMs?: number
  /** How webhooks are sent. @default by `fetch`, to addresses that are not private as they are written */
  webhooks?: WebhookSettings
  /** How often conversations are looked for that were kept long enough. @default every minute */
  retention?: Pick<RetentionOptions, 'sweepMs' | 'pauseMs'>
  /**
   * How files are kept that go with messages, and where: in what is mounted at `attachments:` of this storage, else beside the
   * log. @default in `storage`; beside a log of your own there are none
   */
  attachments?: AttachmentSettings & { storage?: Storage }
}

/** A running server without a socket. */
export interface Lumika {
  /** Answers one request. */
  fetch(request: Request): Promise<Response>
  /** The integrations and the operator key. */
  registry: Registry
  /** Takes no new messages, lets running answers finish within the grace, then closes storage. @default 10_000 ms */
  close(options?: { graceMs?: number }): Promise<void>
}

/** Makes a server. Resolves when it has read its integrations and taken up what an earlier process left unfinished. */
export async function createLumika(options: LumikaOptions): Promise<Lumika> {
  const { now = Date.now, assets } = options
  const logger = discreet(options.log ?? silentLogger)
  const responders = new Map(Object.entries(options.responders ?? { echo: createEchoResponder() }))
  const defaultResponder = options.defaultResponder ?? [...responders.keys()][0] ?? null
  if (defaultResponder !== null && !responders.has(defaultResponder)) {
    throw new TypeError(`The default responder ${defaultResponder} is not among the responders.`)
  }
  const guarded = new Map([...responders].map(([name, responder]) => [name, withTimeouts(responder)]))

  const settings = limitSettings(options.limits)
  const { storage } = options
  const isLog = 'append' in storage
  const log = isLog ? storage : await openLog(storage, { now, onAlert: (message) => logger.warn(message) })
  const counters = isLog ? null : await openCounters(storage)
  const limits = createLimits(settings, counters)
  const registry = await createRegistry({
    log,
    now,
    responders: { names: [...responders.keys()], default: defaultResponder },
  })
  if (options.operatorKey) await registry.setOperatorKey(options.operatorKey)
  const operators = await createOperators({ log, passwords: options.passwords ?? createScrypt(), now })
  const sessions = createSessions({ log, operators, now })

  const audit = createAudit(log)

  const budget = createBudget({
    log,
    logger,
    now,
    answersPerDay: (integrationId) => registry.get(integrationId)?.answersPerDay ?? settings.answersPerDay,
  })
  const integrationIds = () => registry.list().map(({ id }) => id)
  const usage = createUsage({ log, logger, now, integrationIds })
  const sightings = createSightings({ log, logger, now, integrationIds })
  const counted = new Map([...guarded].map(([name, responder]) => [name, withCounts(responder, usage.count)]))
  const cannedReplies = await createCannedReplies(log, now)
  const webhooks = await createWebhooks({ ...options.webhooks, log, logger, now })
  const { storage: fileStorage = isLog ? null : storage, ...fileSettings } = options.attachments ?? {}
  const files = fileStorage && createAttachments({ ...fileSettings, log, blobs: openBlobs(fileStorage), logger, now })
  const publicUrl = options.publicUrl ?? 'http://localhost:3000'
  const conversations = createConversations({
    log,
    files,
    attachmentUrl: (id) => `${publicUrl.replace(/\/+$/, '')}${visitorPaths.attachments}/${id}`,
    moved: webhooks.moved,
    audit,
    logger,
    now,
    mayAnswer: budget.take,
    integrations: registry.list,
    typist: (conversation) => presence.typist(conversation),
    responderFor: (integrationId) => counted.get(registry.get(integrationId)?.responder ?? '') ?? null,
    ...(options.leaseMs !== undefined && { leaseMs: options.leaseMs }),
    ...(options.sweepMs !== undefined && { sweepMs: options.sweepMs }),
  })
  await conversations.recover()
  const retention = createRetention({
    ...options.retention,
    log,
    files,
    audit,
    logger,
    now,
    integrations: registry.list,
  })
  const presence = createPresence({
    ...{ log, now },
    tell(event) {
      live.tell(event)
      conversations.wake(event.key)
    },
  })
  const typing = createVisitorTyping({ log, tell: (event) => live.tell(event) })
  const live = createLive({ log, present: () => [...presence.all(), ...typing.all()] })

  const app = new H3({
    silent: true,
    onError: (error) => errorAnswer(meant(error), logger, corsHeaders(null)),
  })
  const door = createDoor({ registry, sessions, publicUrl, listeningUrl: options.listeningUrl })
  const api = { door, audit, logger }
  const publicOrigin = options.publicUrl ? new URL(options.publicUrl).origin : null
  const gate = { registry, sightings, logger, publicOrigin, now }
  conversationRoutes(app, { ...gate, conversations, limits, usage })
  visitorRoutes(app, { ...gate, conversations, typing, limits, usage })
  attachmentRoutes(app, { ...gate, attachments: files, limits })
  configRoutes(app, { ...gate, attachments: files })
  healthRoutes(app, { log, logger })
  sessionRoutes(app, { ...api, operators, sessions, limits, now })
  operatorsRoutes(app, { ...api, operators, sessions, registry, limits })
  openapiRoutes(app)
  invitationRoutes(app, { ...api, operators, publicUrl })
  apiConversationRoutes(app, { ...api, conversations, live, registry })
  deskRoutes(app, { ...api, desk: conversations.desk, operators, registry, presence })
  apiAttachmentRoutes(app, { ...api, attachments: files, conversations, registry })
  cannedRoutes(app, { ...api, cannedReplies })
  personDataRoutes(app, { ...api, conversations, registry, attachments: files })
  webhookRoutes(app, { ...api, webhooks, registry })
  integrationRoutes(app, {
    ...api,
    registry,
    now,
    responders: [...responders].map(([name, { kind }]) => ({ name, kind })),
    defaultResponder,
    publicUrl: () => publicUrl,
    ...(assets?.pinned && { pinned: assets.pinned }),
    async removeConversations(integrationId) {
      await conversations.removeAll(integrationId)
      await dropCounts(log, integrationId, now())
      await usage.drop(integrationId)
      await sightings.drop(integrationId)
    },
  })
  insightRoutes(app, { ...api, registry, sightings, usage, budget })
  const closing = new AbortController()
  responderTestRoutes(app, {
    ...{ ...api, registry, limits, closing: closing.signal },
    trial(name) {
      const responder = guarded.get(name)
      return responder ? createTrial(responder, logger) : null
    },
  })
  installRoutes(app, { ...api, registry, publicUrl, pinned: assets?.pinned })
  if (assets) dashboardRoutes(app, { assets })
  app.get('/**', ({ req: request, url }) => {
    const asset = assets && assetAt(assets, url.pathname)
    if (!asset) throw new HttpError(404, 'not_found', 'There is nothing here.')
    return serveAsset(request, asset)
  })

  return {
    fetch: async (request) => app.fetch(request),
    registry,
    async close({ graceMs = 10_000 } = {}) {
      live.close()
      presence.close()
      typing.close()
      closing.abort()
      await retention.close()
      await conversations.close(graceMs)
      await files?.close()
      await webhooks.close(graceMs)
      await usage.close()
      await sightings.close()
      await sessions.close()
      operators.close()
      cannedReplies.close()
      registry.close()
      await log.close()
      counters?.disconnect()
    },
  }
}

/** What was thrown, out of h3's wrapping; h3's own errors are about paths nobody serves. */
function meant(error: HTTPError): unknown {
  if (error.unhandled) return error.cause ?? error
  return error.status === 404 ? new HttpError(404, 'not_found', 'There is nothing here.') : error
}
