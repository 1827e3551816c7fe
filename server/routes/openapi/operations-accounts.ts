/** The calls about integrations and operators. */
import { originCheckSchema } from '../api/install.ts'
import { createInvitationSchema } from '../api/invitations.ts'
import { changePasswordSchema, createOperatorSchema, updateOperatorSchema } from '../api/operators.ts'
import { createIntegrationSchema, rotateSecretSchema, updateIntegrationSchema } from '../api/schemas.ts'
import { loginSchema } from '../api/session.ts'
import * as accounts from './accounts.ts'
import { body } from './named.ts'
import type { Operation } from './operation.ts'

const notFound = { 404: ['not_found'] } as const

/** By method and path. */
export const accountOperations = {
  'GET /api/integrations': {
    summary: 'All integrations',
    by: 'operator',
    status: 200,
    answer: accounts.integrationsAnswer,
  },
  'POST /api/integrations': {
    summary: 'Creates an integration, with its first token',
    by: 'owner',
    body: body('CreateIntegrationBody', createIntegrationSchema),
    status: 201,
    answer: accounts.tokenAnswer,
    errors: { 422: ['invalid_domain'] },
  },
  'GET /api/integrations/:id': {
    summary: 'The account card of an integration',
    by: 'operator',
    status: 200,
    answer: accounts.integrationAnswer,
    errors: notFound,
  },
  'PATCH /api/integrations/:id': {
    summary: 'Changes settings; what is left out stays',
    by: 'owner',
    body: body('UpdateIntegrationBody', updateIntegrationSchema),
    status: 200,
    answer: accounts.integrationAnswer,
    errors: { ...notFound, 422: ['invalid_domain'] },
  },
  'DELETE /api/integrations/:id': {
    summary: 'Removes an integration and erases all its conversations',
    by: 'owner',
    status: 204,
    errors: notFound,
  },
  'POST /api/integrations/:id/tokens': {
    summary: 'Makes one more token; the others stay',
    by: 'owner',
    status: 201,
    answer: accounts.tokenAnswer,
    errors: { ...notFound, 409: ['conflict'] },
  },
  'DELETE /api/integrations/:id/tokens/:tokenId': {
    summary: 'Revokes a token, within 5 s on every replica',
    by: 'owner',
    status: 204,
    errors: notFound,
  },
  'POST /api/integrations/:id/identity-secrets': {
    summary: 'Makes a new identity secret; the present ones count for `overlapSeconds` more',
    by: 'owner',
    body: body('RotateSecretBody', rotateSecretSchema),
    status: 201,
    answer: accounts.secretAnswer,
    errors: { ...notFound, 409: ['conflict'] },
  },
  'GET /api/integrations/:id/snippets': {
    summary: 'The script tag with the newest token',
    by: 'owner',
    status: 200,
    answer: accounts.snippetsAnswer,
    errors: notFound,
  },
  'POST /api/integrations/:id/origin-check': {
    summary: 'Whether a page of an origin would be let in',
    by: 'operator',
    body: body('OriginCheckBody', originCheckSchema),
    status: 200,
    answer: accounts.originCheckAnswer,
    errors: notFound,
  },
  'GET /api/responders': {
    summary: 'The configured responders',
    by: 'operator',
    status: 200,
    answer: accounts.respondersAnswer,
  },
  'GET /api/session': {
    summary: 'Who is logged in',
    by: 'anybody',
    status: 200,
    answer: accounts.sessionAnswer,
    errors: { 503: ['storage_unavailable'] },
  },
  'POST /api/session': {
    summary: 'Logs in: the answer sets the session cookie',
    by: 'anybody',
    body: body('LoginBody', loginSchema),
    status: 200,
    answer: accounts.operatorAnswer,
    errors: { 401: ['invalid_login'], 403: ['wrong_origin'], 429: ['rate_limited'], 503: ['storage_unavailable'] },
  },
  'DELETE /api/session': {
    summary: 'Logs out',
    by: 'anybody',
    status: 204,
    errors: { 403: ['wrong_origin'], 503: ['storage_unavailable'] },
  },
  'DELETE /api/sessions': {
    summary: 'Ends all sessions of whoever asks, everywhere',
    by: 'operator',
    status: 204,
  },
  'GET /api/operators': {
    summary: 'The people who may use the API',
    by: 'operator',
    status: 200,
    answer: accounts.operatorsAnswer,
  },
  'POST /api/operators': {
    summary: 'Makes an account: the first owner by the operator key, all others by an invitation',
    description: 'Give `operatorKey` or `invitation`. The answer sets the session cookie.',
    by: 'anybody',
    body: body('CreateOperatorBody', createOperatorSchema),
    status: 201,
    answer: accounts.operatorAnswer,
    errors: {
      403: ['invalid_operator_key', 'invalid_invitation', 'wrong_origin'],
      404: ['not_found'],
      409: ['owner_exists', 'name_taken', 'conflict'],
      429: ['rate_limited'],
      503: ['storage_unavailable'],
    },
  },
  'PATCH /api/operators/:id': {
    summary: 'Changes the name or the role of an operator',
    by: 'owner',
    body: body('UpdateOperatorBody', updateOperatorSchema),
    status: 200,
    answer: accounts.operatorAnswer,
    errors: { ...notFound, 409: ['name_taken', 'last_owner'] },
  },
  'DELETE /api/operators/:id': {
    summary: 'Removes an account and ends its sessions',
    by: 'owner',
    status: 204,
    errors: { ...notFound, 409: ['last_owner'] },
  },
  'POST /api/operators/me/password': {
    summary: 'Changes the password of whoever asks; all other sessions end',
    by: 'operator',
    body: body('ChangePasswordBody', changePasswordSchema),
    status: 200,
    answer: accounts.operatorAnswer,
    errors: { 403: ['wrong_password'], ...notFound, 409: ['conflict'], 429: ['rate_limited'] },
  },
  'GET /api/invitations': {
    summary: 'Invitations that were not used yet',
    by: 'owner',
    status: 200,
    answer: accounts.invitationsAnswer,
  },
  'POST /api/invitations': {
    summary: 'Makes a link that makes an account, once',
    by: 'owner',
    body: body('CreateInvitationBody', createInvitationSchema),
    status: 201,
    answer: accounts.invitationAnswer,
    errors: { 409: ['conflict'] },
  },
  'DELETE /api/invitations/:id': {
    summary: 'Takes an invitation back',
    by: 'owner',
    status: 204,
    errors: notFound,
  },
} as const satisfies Record<string, Operation>
