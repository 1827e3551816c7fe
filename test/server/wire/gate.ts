/** Pages and programs before a server's door: what they send as bytes on a socket, and whether it lets them in. */
import { afterAll, beforeAll, expect } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import type { IntegrationInput } from '../../../server/access/integration.ts'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { conversationEndpoints } from '../../helpers/endpoints.ts'
import { openPlace, openWorld, operatorKey } from '../../helpers/world.ts'
import type { StorageKind, World } from '../../helpers/world.ts'
import { openWire } from './socket.ts'
import type { RawAnswer, RawHeaders, RawRequest, Wire } from './socket.ts'
import { watchPlace } from './watched.ts'
import type { WatchedPlace } from './watched.ts'

/** What is sent beside the token. */
export type Fields = [name: string, value: string][]

/** An integration's card, as far as tests look at it. */
export interface Card {
  integration: { warnings: string[] }
}

/** A server behind a socket. */
export interface Gate {
  place: WatchedPlace
  world: World
  wire: Wire
  /** A widget and an api integration with the same list, each with a stored message. */
  widget: CreatedToken
  api: CreatedToken
  /** Makes an integration that lists what the others list. */
  create(input: Partial<IntegrationInput>): Promise<CreatedToken>
  /** One request; every endpoint gets the fields of all of them. */
  requestFor(
    made: CreatedToken,
    endpoint: readonly [method: string, path: string],
    headers?: RawHeaders,
    more?: Fields,
  ): RawRequest
  history(made: CreatedToken, headers: RawHeaders): Promise<RawAnswer>
  /** G7: every endpoint refuses, and nothing else happens. */
  expectRefused(made: CreatedToken, headers: RawHeaders): Promise<void>
  /** A reader gets the stored message, a sender its stream, and the page whose origin it is may read them. */
  expectServed(made: CreatedToken, headers: RawHeaders, allowOrigin: string | null): Promise<void>
  /** A call of the operator API. */
  operator(method: string, target: string, body?: unknown): Promise<RawAnswer>
}

const listed = ['example.com', '*.example.org', 'localhost:3000']
const conversationId = `c_${'k'.repeat(22)}`
/** What is said in every conversation. */
export const canary = 'a message that only its own page may read'
/** All that pages may ask for. */
export const endpoints = [...conversationEndpoints, ['GET', '/widget/config']] as const

/** Opens a server before all tests of a block, and closes it after them. */
export function openGate(kind: StorageKind): Gate {
  const create = (input: Partial<IntegrationInput>): Promise<CreatedToken> =>
    gate.world.lumika.registry.create({ name: 'Shop', kind: 'widget', allowedDomains: listed, ...input })

  function requestFor(
    { token }: CreatedToken,
    [method, path]: readonly [method: string, path: string],
    headers: RawHeaders = [],
    more: Fields = [],
  ): RawRequest {
    const all: Fields = [
      ['integrationToken', token],
      ['conversationId', conversationId],
      ['textContent', canary],
      ['turnId', `t${'0'.repeat(22)}`],
    ]
    const names = new Set(more.map(([name]) => name))
    const form = new URLSearchParams([...all.filter(([name]) => !names.has(name)), ...more]).toString()
    if (method !== 'POST') return { method, target: `${path}?${form}`, headers }
    return {
      method,
      target: path,
      headers: [...headers, ['Content-Type', 'application/x-www-form-urlencoded']],
      body: form,
    }
  }

  const history = (made: CreatedToken, headers: RawHeaders) =>
    gate.wire.raw(requestFor(made, ['GET', '/conversation/history'], headers))

  async function expectRefused(made: CreatedToken, headers: RawHeaders): Promise<void> {
    const asked = gate.place.asked.length
    const answered = gate.world.responder.requests.length
    for (const endpoint of endpoints) {
      const answer = await gate.wire.raw(requestFor(made, endpoint, headers))
      expect([endpoint, answer.status]).toEqual([endpoint, 403])
      expect(JSON.parse(answer.body)).toEqual({
        error: { code: 'domain_not_allowed', message: expect.any(String) as string },
      })
      expect(answer.body).not.toContain(canary)
      expect(answer.header('access-control-allow-origin')).toBeNull()
      expect(answer.header('access-control-allow-credentials')).toBeNull()
      expect(answer.header('vary')).toBe('Origin')
      expect(answer.header('cache-control')).toContain('no-store')
    }
    expect(gate.place.asked.slice(asked)).toEqual([])
    expect(gate.world.responder.requests).toHaveLength(answered)
  }

  async function expectServed(made: CreatedToken, headers: RawHeaders, allowOrigin: string | null): Promise<void> {
    const sent = await gate.wire.raw(requestFor(made, ['POST', '/conversation/sse'], headers))
    expect([sent.status, sent.header('access-control-allow-origin')]).toEqual([200, allowOrigin])
    expect(sent.body).toContain('"type":"done"')
    const read = await history(made, headers)
    expect([read.status, read.header('access-control-allow-origin')]).toEqual([200, allowOrigin])
    expect((JSON.parse(read.body) as HistoryPage).messages[0]?.body).toBe(canary)
    for (const answer of [sent, read]) {
      expect(answer.header('vary')).toBe('Origin')
      expect(answer.header('access-control-allow-credentials')).toBeNull()
    }
  }

  function operator(method: string, target: string, body?: unknown): Promise<RawAnswer> {
    const headers: RawHeaders = [['Authorization', `Bearer ${operatorKey}`]]
    if (body === undefined) return gate.wire.raw({ method, target, headers })
    return gate.wire.raw({
      method,
      target,
      headers: [...headers, ['Content-Type', 'application/json']],
      body: JSON.stringify(body),
    })
  }

  const gate = { create, requestFor, history, expectRefused, expectServed, operator } as Gate
  beforeAll(async () => {
    gate.place = watchPlace(await openPlace(kind))
    gate.world = await openWorld(gate.place)
    gate.wire = await openWire(gate.world.lumika)
    gate.widget = await create({ kind: 'widget' })
    gate.api = await create({ kind: 'api' })
    for (const made of [gate.widget, gate.api])
      await expectServed(made, [['Origin', 'https://example.com']], 'https://example.com')
  })
  afterAll(async () => {
    await gate.wire.close()
    await gate.world.close()
    await gate.place.dispose()
  })
  return gate
}
