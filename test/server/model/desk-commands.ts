/** What operators do, each checked against the model. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { parseConversationKey } from '../../../server/conversations/keys.ts'
import type { RecordsPage } from '../../../server/conversations/records.ts'
import { operatorKey } from '../../helpers/world.ts'
import { checkHistory, command, show } from './commands.ts'
import type { Command, Real } from './commands.ts'
import { conversationOf, publish } from './model.ts'
import type { Model, ModelConversation } from './model.ts'

/** What commands draw from. */
export interface Draws {
  id: fc.Arbitrary<string>
  text: fc.Arbitrary<string>
  key: fc.Arbitrary<string | null>
}

interface Write {
  id: string
  text: string
  key: string | null
}

/** Everything operators do to a conversation. */
export function deskCommands({ id, text, key }: Draws): fc.Arbitrary<Command>[] {
  const draft = fc.nat(3)
  const words = fc.constantFrom(null, 'Other words', 'Yet other words')
  const decisions: Record<string, (conversation: ModelConversation) => unknown> = {
    'approve-customer': (conversation) => {
      conversation.isApproved = true
      for (const each of conversation.drafts) publish(conversation, each, each.body)
    },
    'revoke-approval': (conversation) => (conversation.isApproved = false),
    takeover: (conversation) => (conversation.isTakenOver = true),
    handback: (conversation) => (conversation.isTakenOver = false),
    resolve: () => {},
    reopen: () => {},
  }
  return [
    fc
      .record({ id, text, key })
      .map((input) => command(`OperatorReply ${show(input)}`, (model, real) => reply(model, real, input))),
    fc
      .record({ id, text, key })
      .map((input) => command(`Note ${show(input)}`, (model, real) => note(model, real, input))),
    fc
      .record({ id, draft, words })
      .map((input) => command(`Approve ${show(input)}`, (model, real) => approve(model, real, input))),
    fc
      .record({ id, draft })
      .map((input) => command(`Reject ${show(input)}`, (model, real) => reject(model, real, input))),
    fc
      .record({ id, name: fc.constantFrom(...Object.keys(decisions)) })
      .map(({ id, name }) =>
        command(`Decide ${name} ${id}`, (model, real) =>
          decide(model, real, id, name, decisions[name] as (conversation: ModelConversation) => unknown),
        ),
      ),
  ]
}

async function reply(model: Model, real: Real, { id, text, key }: Write): Promise<void> {
  const conversation = conversationOf(model, id)
  const status = await write(real, conversation.operatorKeys, conversation, 'messages', { id, text, key })
  if (status === 'stored') conversation.records.push({ actor: 'assistant', body: text, author: 'operator' })
  await checkHistory(model, real, id)
}

async function note(model: Model, real: Real, input: Write): Promise<void> {
  const conversation = conversationOf(model, input.id)
  await write(real, conversation.noteKeys, conversation, 'notes', input)
  await checkHistory(model, real, input.id)
}

/** Something written by a person: once for each key, and not where there is no conversation. */
async function write(
  real: Real,
  keys: Map<string, string>,
  { records }: ModelConversation,
  path: string,
  { id, text, key }: Write,
): Promise<'stored' | 'not stored'> {
  const response = await call(real, id, path, { body: text, ...(key !== null && { clientMessageId: key }) })
  const earlier = key === null ? undefined : keys.get(key)
  const status = records.length === 0 ? 404 : earlier !== undefined && earlier !== text ? 409 : 201
  expect(response.status).toBe(status)
  if (status !== 201 || earlier !== undefined) return 'not stored'
  if (key !== null) keys.set(key, text)
  return 'stored'
}

async function approve(
  model: Model,
  real: Real,
  { id, draft: index, words }: { id: string; draft: number; words: string | null },
): Promise<void> {
  const conversation = conversationOf(model, id)
  const draft = conversation.drafts[index]
  const path = `drafts/${(await idsOf(real, id, ['draft']))[index] ?? '0-nothing'}/approve`
  const response = await call(real, id, path, words === null ? {} : { body: words })
  const status = !draft ? 404 : publish(conversation, draft, words ?? draft.body) ? 200 : 409
  expect(response.status).toBe(status)
  await checkHistory(model, real, id)
}

async function reject(model: Model, real: Real, { id, draft: index }: { id: string; draft: number }): Promise<void> {
  const draft = conversationOf(model, id).drafts[index]
  const response = await call(real, id, `drafts/${(await idsOf(real, id, ['draft']))[index] ?? '0-nothing'}/reject`, {})
  if (draft?.outcome === 'waiting') draft.outcome = 'rejected'
  expect(response.status).toBe(!draft ? 404 : draft.outcome === 'rejected' ? 200 : 409)
  await checkHistory(model, real, id)
}

async function decide(
  model: Model,
  real: Real,
  id: string,
  name: string,
  effect: (conversation: ModelConversation) => unknown,
): Promise<void> {
  const conversation = conversationOf(model, id)
  const isThere = conversation.records.length > 0
  expect((await call(real, id, name)).status).toBe(isThere ? 200 : 404)
  if (isThere) effect(conversation)
  await checkHistory(model, real, id)
}

/** The ids of all records of some types, oldest first. */
export async function idsOf(real: Real, id: string, types: string[]): Promise<string[]> {
  const response = await call(real, id, 'records?limit=200')
  if (response.status === 404) return []
  const { records } = (await response.json()) as RecordsPage
  return records.filter(({ type }) => types.includes(type)).map((record) => record.id)
}

function call(real: Real, conversationId: string, path: string, body?: object): Promise<Response> {
  const key = `${real.world.integration.id}.${Buffer.from(conversationId).toString('base64url')}`
  expect(parseConversationKey(key)?.conversationId).toBe(conversationId)
  return real.world.lumika.fetch(
    new Request(`http://localhost:3000/api/conversations/${key}/${path}`, {
      method: path.startsWith('records') ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${operatorKey}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    }),
  )
}
