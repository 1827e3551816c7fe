/** What integrations and operators look like in answers. */
import { z } from 'zod'
import { roleSchema } from '../api/operators.ts'
import { widgetLook } from '../api/schemas.ts'
import { answer } from './named.ts'
import { timestamp } from './records.ts'

const look = answer('WidgetLook', z.strictObject(widgetLook.shape))

const secretHint = z.strictObject({ hint: z.string(), createdAt: timestamp, expiresAt: timestamp.optional() })

const cardFields = {
  id: z.string(),
  name: z.string(),
  kind: z.enum(['widget', 'api']),
  allowedDomains: z.array(z.string()),
  responder: z.string().nullable().describe('null: people only.'),
  responseMode: z.enum(['auto', 'approval']),
  allowUnsignedIds: z.boolean(),
  requireIdentity: z.boolean(),
  answersPerDay: z.int().nullable(),
  overdue: z
    .strictObject({ afterMinutes: z.int(), action: z.enum(['release', 'apologise']), text: z.string().optional() })
    .nullable()
    .describe('What becomes of drafts that nobody decides about: they go out, or an apology does; null: they wait.'),
  retentionDays: z.int().nullable(),
  attachments: z.boolean().describe('Whether messages may have files.'),
  visitorErase: z.boolean().describe('Whether visitors may erase their own conversations.'),
  widget: look,
  tokens: z
    .array(z.strictObject({ id: z.string(), hint: z.string(), value: z.string().optional(), createdAt: timestamp }))
    .describe('`value` only of `widget` tokens, which are public. Empty for operators that are no owners.'),
  identitySecrets: z.array(secretHint),
  createdAt: timestamp,
  updatedAt: timestamp,
  warnings: z.array(z.string()).describe('What to think about before going live.'),
}

const card = answer('Integration', z.strictObject(cardFields))
const cardWithSecret = answer(
  'IntegrationWithSecret',
  z.strictObject({ ...cardFields, identitySecret: z.string().optional().describe('Shown this once.') }),
)

export const integrationAnswer = answer('IntegrationAnswer', z.strictObject({ integration: card }))
export const integrationsAnswer = answer('IntegrationsAnswer', z.strictObject({ integrations: z.array(card) }))
export const secretAnswer = answer('IdentitySecretAnswer', z.strictObject({ integration: cardWithSecret }))
export const tokenAnswer = answer(
  'TokenAnswer',
  z.strictObject({
    integration: cardWithSecret,
    token: z.string().describe('In clear text. The token of an `api` integration is shown this once.'),
    tokenId: z.string(),
    snippet: z.string().optional().describe('The script tag of a `widget` integration.'),
    pinnedSnippet: z.string().optional().describe('The same with `integrity`.'),
  }),
)

export const snippetsAnswer = answer(
  'SnippetsAnswer',
  z.strictObject({
    snippet: z.string().nullable().describe('null where there is no token that may stand in a page.'),
    pinnedSnippet: z.string().nullable().describe('The same with `integrity`.'),
  }),
)
export const originCheckAnswer = answer(
  'OriginCheckAnswer',
  z.strictObject({ origin: z.string().describe('What a browser would send.'), allowed: z.boolean() }),
)

export const respondersAnswer = answer(
  'RespondersAnswer',
  z.strictObject({
    responders: z.array(z.strictObject({ name: z.string(), kind: z.string(), isDefault: z.boolean() })),
  }),
)

export const configAnswer = answer(
  'ConfigAnswer',
  z.strictObject({
    widget: answer(
      'WidgetConfig',
      z.strictObject({
        ...widgetLook.shape,
        attachments: z.literal(true).optional(),
        attachmentBytes: z.int().positive().optional().describe('What a file may hold, where files are taken.'),
        erase: z.literal(false).optional(),
      }),
    ),
  }),
)

const operator = answer('Operator', z.strictObject({ id: z.string(), name: z.string(), role: roleSchema }))

export const operatorAnswer = answer('OperatorAnswer', z.strictObject({ operator }))
export const operatorsAnswer = answer(
  'OperatorsAnswer',
  z.strictObject({
    operators: z.array(z.strictObject({ ...operator.shape, createdAt: timestamp, lastSeenAt: timestamp.nullable() })),
  }),
)
export const sessionAnswer = answer(
  'SessionAnswer',
  z.strictObject({ operator: operator.nullable().describe('null: nobody is logged in.'), hasOwner: z.boolean() }),
)

const invitation = answer(
  'Invitation',
  z.strictObject({ id: z.string(), role: roleSchema, createdAt: timestamp, expiresAt: timestamp }),
)
export const invitationsAnswer = answer('InvitationsAnswer', z.strictObject({ invitations: z.array(invitation) }))
export const invitationAnswer = answer(
  'InvitationAnswer',
  z.strictObject({ invitation, url: z.string().describe('The link, which works once. Shown this once.') }),
)
