/** `/api/conversations/:key/…`: what operators do in a conversation. */
import { getRouterParam } from 'h3'
import type { H3 } from 'h3'
import { z } from 'zod'
import {
  attachmentLimits,
  codePoints,
  isAttachmentId,
  isClientMessageId,
  isRecordId,
  limits,
} from '../../../protocol.ts'
import type { AuditAction } from '../../access/audit.ts'
import type { Registry } from '../../access/registry.ts'
import type { Operators } from '../../access/operators.ts'
import type { DeskState, Person } from '../../conversations/desk-state.ts'
import type { Desk } from '../../conversations/desk.ts'
import { parseConversationKey } from '../../conversations/keys.ts'
import type { OperatorRecord } from '../../conversations/records.ts'
import { HttpError } from '../../errors.ts'
import { isLabel, isLinkUrl, offerLimits, offersIn } from '../../offers.ts'
import { sha256 } from '../../random.ts'
import type { Presence } from '../../conversations/presence.ts'
import { empty, json } from '../answers.ts'
import { checkFiles } from '../files.ts'
import { readJson, readOptionalJson } from './body.ts'
import { keyOf } from './conversations.ts'
import type { Caller } from './door.ts'
import { operatorRoute } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What these routes need. */
export interface DeskRoutesOptions extends OperatorApi {
  desk: Desk
  operators: Pick<Operators, 'get'>
  registry: Pick<Registry, 'get'>
  presence: Pick<Presence, 'beat'>
}

/** What a person writes. */
export const text = z
  .string()
  .refine((given) => given.trim() !== '', 'may not be empty')
  .refine((given) => codePoints(given) <= limits.textCodePoints, `may hold ${limits.textCodePoints} characters at most`)
  // JSON Schema counts as we do.
  .meta({ minLength: 1, maxLength: limits.textCodePoints })

/** A note. */
export const messageSchema = z.strictObject({
  body: text,
  clientMessageId: z
    .string()
    .refine(isClientMessageId, 'has to be 16 to 64 characters of A-Z a-z 0-9 _ -')
    .meta({ pattern: '^[A-Za-z0-9_-]{16,64}$' })
    .optional(),
})

const label = z
  .string()
  .refine(isLabel, `has to be a text of ${offerLimits.labelCodePoints} characters at most`)
  .meta({ minLength: 1, maxLength: offerLimits.labelCodePoints })

const link = z.strictObject({
  label,
  url: z.string().refine(isLinkUrl, 'has to begin with https://, http://, mailto: or tel:').meta({
    maxLength: offerLimits.urlChars,
    pattern: '^([Hh][Tt][Tt][Pp][Ss]?://|[Mm][Aa][Ii][Ll][Tt][Oo]:|[Tt][Ee][Ll]:)',
  }),
})

/** Buttons that come with a reply. */
const offers = z.strictObject({
  quickReplies: z
    .array(z.union([label, z.strictObject({ label, text })]))
    .max(offerLimits.most)
    .optional(),
  links: z.array(link).max(offerLimits.most).optional(),
})

/** A person's reply, which may have files and buttons. */
export const replySchema = messageSchema.extend({
  attachments: z
    .array(z.string().refine(isAttachmentId, 'has to be the id of a file').meta({ pattern: '^[A-Za-z0-9_-]{22,64}$' }))
    .max(attachmentLimits.perMessage)
    .refine((ids) => new Set(ids).size === ids.length, 'may name each file once')
    .optional(),
  data: offers.optional(),
})

/** The words a draft goes out with; left out: its own. */
export const approvalSchema = z.strictObject({ body: text.optional() })

/** Why a draft is not to go out; for the people. */
export const rejectionSchema = z.strictObject({ reason: z.string().trim().max(1_000).optional() })

/** Whose the conversation is to be; null: everybody's. */
export const assignmentSchema = z.strictObject({ operatorId: z.string().max(64).nullable() })

const recordId = z
  .string()
  .refine(isRecordId, 'has to be the id of a record')
  .meta({ pattern: '^[A-Za-z0-9_-]{1,64}$' })

/** What was shown: everything up to this record. */
export const readSchema = z.strictObject({ upTo: recordId })

/** A sign of life of somebody who looks at the conversation, or looks at it no more. */
export const presenceSchema = z.strictObject({
  typing: z.boolean(),
  draftId: recordId.optional(),
  looking: z.boolean().optional(),
})

/** Calls that say all by their name. */
export const nothingSchema = z.strictObject({})

/** Adds the routes to the app. */
export function deskRoutes(app: H3, options: DeskRoutesOptions): void {
  const { desk, audit } = options
  const path = '/api/conversations/:key'

  async function noteDecision(by: Caller, action: AuditAction, key: string, draftId: string, record: OperatorRecord) {
    const decidedBy = record.visibility === 'public' ? record.approval?.by : record.data['by']
    // The second of two who press at once is told what became of it, and has not decided.
    if (decidedBy !== by.name) return
    const { integrationId = '' } = parseConversationKey(key) ?? {}
    await audit.note(by, action, await sha256(key), { integrationId, draftId, once: `decided:${draftId}` })
  }

  operatorRoute(app, `${path}/messages`, options, {
    async POST(event, { name: by }) {
      const { body, clientMessageId, attachments = [], data } = await readJson(event.req, replySchema)
      const key = keyOf(event)
      if (attachments.length > 0) checkFiles(options.registry.get(parseConversationKey(key)?.integrationId ?? ''))
      return json({ record: await desk.reply(key, body, by, clientMessageId, attachments, offersIn(data)) }, 201)
    },
  })

  operatorRoute(app, `${path}/notes`, options, {
    async POST(event, { name: by }) {
      const { body, clientMessageId } = await readJson(event.req, messageSchema)
      return json({ record: await desk.note(keyOf(event), body, by, clientMessageId) }, 201)
    },
  })

  operatorRoute(app, `${path}/drafts/:id/approve`, options, {
    async POST(event, operator) {
      const { body } = await readOptionalJson(event.req, approvalSchema)
      const [key, draftId] = [keyOf(event), getRouterParam(event, 'id') ?? '']
      const record = await desk.approve(key, draftId, operator.name, body)
      await noteDecision(operator, 'draft-approved', key, draftId, record)
      return json({ record })
    },
  })

  operatorRoute(app, `${path}/drafts/:id/reject`, options, {
    async POST(event, operator) {
      const { reason } = await readOptionalJson(event.req, rejectionSchema)
      const [key, draftId] = [keyOf(event), getRouterParam(event, 'id') ?? '']
      const record = await desk.reject(key, draftId, operator.name, reason)
      await noteDecision(operator, 'draft-rejected', key, draftId, record)
      return json({ record })
    },
  })

  operatorRoute(app, `${path}/read`, options, {
    async POST(event, { name: by }) {
      const { upTo } = await readJson(event.req, readSchema)
      return json({ state: await desk.read(keyOf(event), upTo, by) })
    },
  })

  operatorRoute(app, `${path}/assign`, options, {
    async POST(event, caller) {
      const { operatorId } = await readJson(event.req, assignmentSchema)
      return json({ state: await desk.assign(keyOf(event), personOf(operatorId, caller), caller.name) })
    },
  })

  operatorRoute(app, `${path}/presence`, options, {
    async POST(event, caller) {
      const { typing, draftId, looking } = await readJson(event.req, presenceSchema)
      const sign = { typing, ...(draftId !== undefined && { draftId }), ...(looking !== undefined && { looking }) }
      await options.presence.beat(keyOf(event), caller, sign)
      return empty(204)
    },
  })

  const decisions = {
    'approve-customer': desk.approveCustomer,
    'revoke-approval': desk.revokeApproval,
    takeover: desk.takeOver,
    handback: desk.handBack,
    resolve: desk.resolve,
    reopen: desk.reopen,
  } satisfies Record<string, (conversation: string, by: string) => Promise<DeskState>>
  for (const name of Object.keys(decisions) as (keyof typeof decisions)[]) {
    operatorRoute(app, `${path}/${name}`, options, {
      async POST(event, { name: by }) {
        await readOptionalJson(event.req, nothingSchema)
        return json({ state: await decisions[name](keyOf(event), by) })
      },
    })
  }

  /** Whoever holds the operator key has no account, but may take what they like. @throws HttpError 404 `not_found` */
  function personOf(operatorId: string | null, caller: Person): Person | null {
    if (operatorId === null) return null
    const person = operatorId === caller.id ? caller : options.operators.get(operatorId)
    if (!person) throw new HttpError(404, 'not_found', 'There is no such operator.')
    return { id: person.id, name: person.name }
  }
}
