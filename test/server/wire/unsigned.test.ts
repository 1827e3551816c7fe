/** Conversations by ids without a proof, and tokens: which are served, and which find nothing. */
import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ErrorBody, HistoryPage } from '../../../protocol.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { LogPage } from '../../../server/storage/log.ts'
import { allEvents, eventOf } from '../../helpers/sse.ts'
import { operatorKey, storages } from '../../helpers/world.ts'
import { as, canary, hashOf, home, openClaims, origin } from './claims.ts'
import type { Fields } from './claims.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('identity, on %s', (kind) => {
  const claimed = openClaims(kind)
  const { create, call, send, read, expectRefused, identityRequired } = claimed
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('I57: with an api token any id is served unsigned, from a program or from an allowed page', async () => {
    for (const input of [{ allowedDomains: [] }, { requireIdentity: true }, {}]) {
      const made = await create({ kind: 'api', ...input })
      await send(as(made, 'customer-42'))
      const program = await call(['GET', '/conversation/history'], as(made, 'customer-42'), {})
      expect(((await program.json()) as HistoryPage).messages).toHaveLength(2)
      const header = { authorization: `Bearer ${made.token}` }
      const bearer = await call(['GET', '/conversation/history'], [['conversationId', 'customer-42']], header)
      expect(((await bearer.json()) as HistoryPage).messages).toHaveLength(2)
    }
    const made = await create({ kind: 'api' })
    await expectRefused(as(made, 'customer-42'), 403, 'domain_not_allowed', { origin: 'https://evil.example' })
  })

  it('I58: the server mints ids of 128 bits from crypto, whatever Math.random says, and no two alike', async () => {
    const made = await create()
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const random = vi.spyOn(crypto, 'getRandomValues')
    const ids = new Set<string>()
    for (let round = 0; round < 10; round++) {
      const acks = await Promise.all(Array.from({ length: 10 }, () => send([['integrationToken', made.token]])))
      for (const { conversationId } of acks) {
        expect(conversationId).toMatch(/^c_[A-Za-z0-9_-]{22}$/)
        expect(Buffer.from(conversationId.slice(2), 'base64url')).toHaveLength(16)
        ids.add(conversationId)
      }
    }
    expect(ids.size).toBe(100)
    expect(random.mock.calls.filter(([bytes]) => bytes?.byteLength === 16).length).toBeGreaterThanOrEqual(100)
    for (const id of ids) expect((await read(as(made, id))).messages[0]?.body).toBe(canary)
  })

  it.each(['c_', `c_${'k'.repeat(21)}`, `c_${'k'.repeat(21)}!`, `c_${'k'.repeat(21)}.k`, 'c_customer-42'])(
    'I58: "%s" only looks like a capability: 400, for every kind of token and with proof',
    async (id) => {
      const made = await create()
      await expectRefused(as(made, id), 400, 'invalid_conversation_id')
      await expectRefused(as(made, id, hashOf(made, id)), 400, 'invalid_conversation_id')
      await expectRefused(as(await create({ kind: 'api' }), id), 400, 'invalid_conversation_id')
    },
  )

  it('I60: a token of another integration finds nothing of a conversation, by any of the ids it holds', async () => {
    const [a, b] = [await create({ kind: 'api' }), await create({ kind: 'api' })]
    const capability = `c_${'s'.repeat(22)}`
    for (const id of ['customer-42', capability]) {
      const ack = await send(as(a, id))
      const nothing = { conversationId: id, messages: [], lastMessageId: null, hasMore: false }
      expect(await read(as(b, id))).toEqual(nothing)
      const foreign: [readonly [string, string], Fields, string][] = [
        [['GET', '/conversation/history'], [['afterId', ack.userMessageId]], 'cursor_not_found'],
        [['GET', '/conversation/history'], [['beforeId', ack.userMessageId]], 'cursor_not_found'],
        [['GET', '/conversation/sse'], [['lastEventId', `${ack.turnId}.0`]], 'not_found'],
      ]
      for (const [endpoint, fields, code] of foreign) {
        const response = await call(endpoint, [...as(b, id), ...fields])
        expect([response.status, ((await response.json()) as ErrorBody).error.code]).toEqual([404, code])
      }
      const stop = new URLSearchParams([...as(b, id), ['turnId', ack.turnId]])
      const url = `${home}/conversation/stop`
      expect((await claimed.world.lumika.fetch(new Request(url, { method: 'POST', body: stop }))).status).toBe(404)
      await send(as(b, id, ['clientMessageId', 'the-same-key-in-both']))
      expect((await read(as(b, id))).messages).toHaveLength(2)
      expect((await read(as(a, id))).messages).toHaveLength(2)
    }
  })

  it('I61: where identity is required, reading, writing, resuming and stopping want it, and a minted id is refused', async () => {
    const made = await create({ requireIdentity: true, allowUnsignedIds: true })
    const capability = `c_${'q'.repeat(22)}`
    await identityRequired(as(made, capability))
    await identityRequired(as(made, 'customer-42'))
    const asked = claimed.place.asked.length
    expect((await call(['POST', '/conversation/sse'], [['integrationToken', made.token]])).status).toBe(403)
    expect(claimed.place.asked).toHaveLength(asked)
    await send(as(made, capability, hashOf(made, capability)))
    await send(as(made, 'customer-42', hashOf(made, 'customer-42')))
    const activities = await claimed.world.lumika.fetch(
      new Request(`${home}/api/activities?integrationId=${made.integration.id}`, {
        headers: { authorization: `Bearer ${operatorKey}` },
      }),
    )
    const { activities: listed } = (await activities.json()) as { activities: { conversationId: string }[] }
    expect(listed.map(({ conversationId }) => conversationId).sort()).toEqual([capability, 'customer-42'].sort())
  })

  it('I61: allowUnsignedIds lets unsigned ids read and write, and nothing else', async () => {
    const made = await create({ allowUnsignedIds: true })
    await send(as(made, 'customer-42'))
    expect((await read(as(made, 'customer-42'))).messages).toHaveLength(2)
    await expectRefused(as(made, 'c_short'), 400, 'invalid_conversation_id')
  })

  it('I62: no id is taken from a Referer, a cookie, another header or the path', async () => {
    const made = await create({ kind: 'api' })
    const victim = `c_${'v'.repeat(22)}`
    await send(as(made, victim))
    const before = await read(as(made, victim))
    const headers = {
      origin,
      referer: `https://shop.example/?conversationId=${victim}#conversationId=${victim}`,
      cookie: `conversationId=${victim}; integrationToken=${made.token}`,
      'x-conversation-id': victim,
      'content-location': `/?conversationId=${victim}`,
    }
    const token: Fields = [['integrationToken', made.token]]
    for (const [method, path] of [
      ['GET', '/conversation/sse'],
      ['POST', '/conversation/sse'],
    ] as const) {
      const events = await allEvents(await call([method, path], token, headers))
      const { conversationId } = eventOf(events, 'ack')
      expect(conversationId).toMatch(/^c_/)
      expect(conversationId).not.toBe(victim)
    }
    const history = await call(['GET', '/conversation/history'], token, headers)
    expect(history.status).toBe(400)
    expect(await history.text()).not.toContain(victim)
    const below = await call(['GET', `/conversation/history/${victim}`], token, headers)
    expect(below.status).toBe(404)
    expect(await read(as(made, victim))).toEqual(before)
    // Without a token of its own in the query, a cookie is none.
    await expectRefused([['conversationId', victim]], 401, 'invalid_token', headers)
  })

  it('I65: a token that is revoked, unknown, malformed, empty, missing or not alone gets one identical 401', async () => {
    const made = await create({ kind: 'api', allowedDomains: [] })
    const { token: live } = await claimed.world.lumika.registry.addToken(made.integration.id)
    const removed = await create({ kind: 'api' })
    await claimed.world.lumika.registry.revokeToken(made.integration.id, made.tokenId)
    await claimed.world.lumika.registry.remove(removed.integration.id)
    const id: [string, string] = ['conversationId', `c_${'k'.repeat(22)}`]
    const wrong = [
      ...[made.token, removed.token, `lw_${'0'.repeat(24)}`, `la_${'0'.repeat(43)}`, '', ' ', 'null', '__proto__'],
      ...[`${live} `, live.slice(0, -1), `${live}0`, live.toUpperCase(), live.replace('la_', 'lw_'), operatorKey],
      ...['x'.repeat(10_000), 'ü\0\n'],
    ].map((token): Fields => [['integrationToken', token], id])
    wrong.push([id], [['integrationtoken', live], id], [['integrationToken[]', live], id])
    wrong.push([['integrationToken', live], ['integrationToken', live], id])
    const answers = new Set<string>()
    for (const fields of wrong) {
      for (const answer of await expectRefused(fields, 401, 'invalid_token')) answers.add(answer)
    }
    for (const authorization of ['Bearer', `Bearer ${made.token}`, `Basic ${live}`, `Bearer ${operatorKey}`, live]) {
      const headers = { origin, authorization }
      for (const answer of await expectRefused([id], 401, 'invalid_token', headers)) answers.add(answer)
    }
    expect(answers.size).toBe(1)
    expect((await read([['integrationToken', live], id])).messages).toEqual([])
  })

  it('I65: tokens have 128 random bits or more; of an api token only the hash is stored', async () => {
    const [widget, api] = [await create(), await create({ kind: 'api' })]
    for (const { token } of [widget, api]) {
      expect(Buffer.from(token.slice(3), 'base64url').length).toBeGreaterThanOrEqual(16)
    }
    const stored: string[] = []
    for (let cursor: string | null = null, hasMore = true; hasMore;) {
      const page: LogPage = await claimed.place.log.after('~registry', 'public', cursor, 100)
      stored.push(JSON.stringify(page.entries))
      cursor = page.entries.at(-1)?.id ?? null
      hasMore = page.hasMore
    }
    expect(stored.join()).toContain(createHash('sha256').update(api.token).digest('base64url'))
    expect(stored.join()).not.toContain(api.token)
    expect(stored.join()).not.toContain(operatorKey)
    const key = conversationKey(api.integration.id, 'customer-42')
    await send(as(api, 'customer-42'))
    const entries = await claimed.place.log.before(key, 'public', null, 10)
    expect(JSON.stringify(entries)).not.toContain(api.token)
  })
})
