/** Deeds are signed: by names in conversations, and in the trail that says who did what. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AuditEntry, AuditPage } from '../../../server/access/audit.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { OperatorRecord } from '../../../server/conversations/records.ts'
import { sha256 } from '../../../server/random.ts'
import { formsOf } from '../../helpers/canary.ts'
import { allEvents } from '../../helpers/sse.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { browserAt, firstOwner, invited, openStaffedWorld, password } from './staff.ts'
import type { Browser } from './staff.ts'

const text = 'CanaryTextOfSomebody'
const conversationId = 'canary-customer'

describe.each(storages)('what is done is signed, on %s', (kind) => {
  let place: Place
  let world: World
  let ann: Browser
  beforeEach(async () => {
    place = await openPlace(kind)
    world = await openStaffedWorld(place, { integration: { kind: 'api', responseMode: 'approval' } })
    ann = await firstOwner(world)
  })
  afterEach(async () => {
    await world.close()
    await place.dispose()
  })

  const key = () => conversationKey(world.integration.id, conversationId)
  const at = (path: string) => `/api/conversations/${key()}/${path}`
  const send = async () => allEvents(await world.post('/conversation/sse', { conversationId, textContent: text }))
  const records = async (by: Browser) =>
    (await by.ask<{ records: OperatorRecord[] }>(at('records?limit=200'))).body.records
  const draft = async (by: Browser, count: number): Promise<string> => {
    const found = async () => (await records(by)).filter(({ type }) => type === 'draft')
    await expect.poll(async () => (await found()).length, { timeout: 10_000 }).toBe(count)
    return (await found()).at(-1)?.id ?? ''
  }
  const trail = async (query = '?limit=200') => (await ann.ask<AuditPage>(`/api/audit${query}`)).body
  const lines = async () => (await trail()).entries.toReversed()

  it('replies, notes, approvals and decisions carry the name of whoever is logged in', async () => {
    const ben = await invited(world, ann)
    await send()
    await ben.ask(at(`drafts/${await draft(ben, 1)}/approve`), { method: 'POST' })
    await ben.ask(at('notes'), { body: { body: 'A regular.' } })
    await ann.ask(at('takeover'), { method: 'POST' })
    await ann.ask(at('messages'), { body: { body: 'This is Ann.' } })
    const seen = (await records(ben)).map((record) =>
      record.visibility === 'public'
        ? [record.actor, record.approval?.by ?? record.data?.author?.name]
        : [record.type, record.data['by']],
    )
    expect(seen).toEqual([
      ['customer', undefined],
      ['draft', undefined],
      ['assistant', 'Ben'],
      ['note', 'Ben'],
      ['event', 'Ann'],
      ['assistant', 'Ann'],
    ])
    // Later replies have the later name; what was said stays signed as it was.
    await ann.ask(`/api/operators/${await idOf('Ben')}`, { method: 'PATCH', body: { name: 'Benedict' } })
    await ben.ask(at('messages'), { body: { body: 'Still here.' } })
    const names = (await records(ann)).flatMap((one) =>
      one.visibility === 'public' ? (one.data?.author?.name ?? []) : [],
    )
    expect(names).toEqual(['Ann', 'Benedict'])
  })

  const idOf = async (name: string) => {
    const { body } = await ann.ask<{ operators: { id: string; name: string }[] }>('/api/operators')
    return body.operators.find((each) => each.name === name)?.id
  }

  it('the trail tells who did what to whom, and never a secret, a text or a customer', async () => {
    const secrets: string[] = [password, operatorKey, text, conversationId]
    const invite = (
      await ann.ask<{ url: string; invitation: { id: string } }>('/api/invitations', {
        body: { role: 'operator' },
      })
    ).body
    secrets.push(invite.url.split('#')[1] ?? '')
    await ann.ask(`/api/invitations/${invite.invitation.id}`, { method: 'DELETE' })
    const ben = await invited(world, ann)
    secrets.push(...[ann, ben].map(({ cookie }) => cookie.split('=')[1] ?? ''))
    const benId = await idOf('Ben')

    const stranger = browserAt(world)
    await stranger.ask('/api/session', { body: { name: 'CanaryNameOfAStranger', password: 'CanaryGuess' } })
    await stranger.ask('/api/session', { body: { name: 'Ben', password: 'CanaryGuess' } })
    secrets.push('CanaryNameOfAStranger', 'CanaryGuess')
    await expect.poll(async () => (await lines()).filter(({ by }) => by === null).length).toBe(2)

    const made = await ann.ask<{ integration: { id: string }; token: string; tokenId: string }>('/api/integrations', {
      body: { name: 'Shop', kind: 'widget' },
    })
    const { integration, token, tokenId } = made.body
    const path = `/api/integrations/${integration.id}`
    const secret = await ann.ask<{ integration: { identitySecret: string } }>(`${path}/identity-secrets`, { body: {} })
    secrets.push(token, secret.body.integration.identitySecret)
    await ann.ask(path, { method: 'PATCH', body: { name: 'Other shop', allowedDomains: ['shop.example'] } })
    const added = (await ann.ask<{ tokenId: string }>(`${path}/tokens`, { method: 'POST' })).body.tokenId
    await ann.ask(`${path}/tokens/${tokenId}`, { method: 'DELETE' })
    await ann.ask(path, { method: 'DELETE' })

    await send()
    const first = await draft(ben, 1)
    await ben.ask(at(`drafts/${first}/approve`), { body: { body: `${text} approved` } })
    await ben.ask(at(`drafts/${first}/approve`), { body: { body: `${text} approved` } })
    await ann.ask(at(`drafts/${first}/reject`), { body: { reason: `${text} rejected` } })
    await send()
    const second = await draft(ben, 2)
    await ben.ask(at(`drafts/${second}/reject`), { body: { reason: `${text} rejected` } })
    await ben.ask(at('export'))
    await ann.ask(at('').slice(0, -1), { method: 'DELETE' })

    await ann.ask(`/api/operators/${benId}`, { method: 'PATCH', body: { role: 'owner' } })
    await ben.ask('/api/sessions', { method: 'DELETE' })
    await ann.ask(`/api/operators/${benId}`, { method: 'DELETE' })
    await ann.ask('/api/operators/me/password', { body: { current: password, next: `${password} staple` } })
    await ann.ask('/api/session', { body: { name: 'Ann', password: `${password} staple` } })

    const [annId, hash] = [await idOf('Ann'), await sha256(key())]
    const integrationId = integration.id
    const told = (await lines()).map(({ at: _at, id: _id, byId: _byId, ...line }) => line)
    const line = (by: string | null, action: string, target: unknown, facts = {}) => ({ by, action, target, ...facts })
    const used = expect.stringMatching(/^inv_/) as string
    expect(told).toEqual([
      line('Ann', 'owner-created', annId),
      line('Ann', 'invitation-created', invite.invitation.id, { role: 'operator' }),
      line('Ann', 'invitation-revoked', invite.invitation.id),
      line('Ann', 'invitation-created', used, { role: 'operator' }),
      line('Ben', 'invitation-used', used, { role: 'operator' }),
      line(null, 'log-in-failed', null),
      line(null, 'log-in-failed', benId),
      line('Ann', 'integration-created', integrationId),
      line('Ann', 'identity-secret-rotated', integrationId),
      line('Ann', 'integration-changed', integrationId, { fields: ['name', 'allowedDomains'] }),
      line('Ann', 'token-created', added, { integrationId }),
      line('Ann', 'token-revoked', tokenId, { integrationId }),
      line('Ann', 'integration-removed', integrationId),
      line('Ben', 'draft-approved', hash, { integrationId: world.integration.id, draftId: first }),
      line('Ben', 'draft-rejected', hash, { integrationId: world.integration.id, draftId: second }),
      line('Ben', 'conversation-exported', hash, { integrationId: world.integration.id }),
      line('Ann', 'conversation-erased', hash, { integrationId: world.integration.id }),
      line('Ann', 'role-changed', benId, { role: 'owner' }),
      line('Ben', 'logged-out-everywhere', benId),
      line('Ann', 'operator-removed', benId),
      line('Ann', 'password-changed', annId),
      line('Ann', 'logged-in', annId),
    ])
    const all = JSON.stringify(await trail())
    for (const each of secrets) for (const form of formsOf(each)) expect(all).not.toContain(form)
  })

  it('is read page by page, by owners', async () => {
    for (let n = 0; n < 4; n++) await ann.ask('/api/integrations', { body: { name: `Shop ${n}`, kind: 'api' } })
    const all = (await trail()).entries
    const read: AuditEntry[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: AuditPage = await trail(`?limit=2${cursor && `&cursor=${cursor}`}`)
      read.push(...page.entries)
      cursor = page.cursor
    }
    expect(read).toEqual(all)
    expect(all).toHaveLength(5)
    const ben = await invited(world, ann)
    expect((await ben.ask('/api/audit')).status).toBe(403)
  })
})
