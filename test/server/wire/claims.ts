/** Customers who say who they are, with a proof or without, and a server that believes them or not. */
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect } from 'vitest'
import type { ErrorBody, HistoryPage } from '../../../protocol.ts'
import type { IntegrationInput } from '../../../server/access/integration.ts'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { conversationEndpoints } from '../../helpers/endpoints.ts'
import { allEvents, eventOf } from '../../helpers/sse.ts'
import { openPlace, openWorld } from '../../helpers/world.ts'
import type { StorageKind, World } from '../../helpers/world.ts'
import { watchPlace } from './watched.ts'
import type { WatchedPlace } from './watched.ts'

/** What is sent. */
export type Fields = [name: string, value: string][]

export const home = 'http://localhost:3000'
export const origin = 'https://shop.example'
/** What everybody says. */
export const canary = 'a message of customer 42'

/** Who a request says it is. */
export const as = ({ token }: CreatedToken, conversationId: string, ...proof: Fields): Fields => [
  ['integrationToken', token],
  ['conversationId', conversationId],
  ...proof,
]
/** The secret that proofs of an integration are made with. */
export const secretOf = ({ integration }: CreatedToken): string => integration.identitySecrets[0]?.secret ?? ''
/** The proof by a hash. */
export const hashOf = (made: CreatedToken, id: string): [string, string] => [
  'userHash',
  createHmac('sha256', secretOf(made)).update(`${made.integration.id}\n${id}`).digest('hex'),
]

/** A server, and what is claimed before it. */
export interface Claims {
  place: WatchedPlace
  world: World
}

/** Opens a server before all tests of a block, and closes it after them. */
export function openClaims(kind: StorageKind) {
  const claims = {} as Claims
  beforeAll(async () => {
    claims.place = watchPlace(await openPlace(kind))
    claims.world = await openWorld(claims.place)
  })
  afterAll(async () => {
    await claims.world.close()
    await claims.place.dispose()
  })

  const create = (input: Partial<IntegrationInput> = {}) =>
    claims.world.lumika.registry.create({ name: 'Shop', kind: 'widget', allowedDomains: ['shop.example'], ...input })

  function call(
    [method, path]: readonly [string, string],
    fields: Fields,
    headers: Record<string, string> = { origin },
  ): Promise<Response> {
    const form = new URLSearchParams([['textContent', canary], ['turnId', `t${'0'.repeat(22)}`], ...fields])
    const isForm = method === 'POST'
    const url = isForm ? home + path : `${home}${path}?${form.toString()}`
    return claims.world.lumika.fetch(new Request(url, { method, headers, ...(isForm && { body: form }) }))
  }

  /** Stores a message. Returns its turn. */
  async function send(fields: Fields) {
    const events = await allEvents(await call(['POST', '/conversation/sse'], fields))
    return eventOf(events, 'ack')
  }

  async function read(fields: Fields): Promise<HistoryPage> {
    const response = await call(['GET', '/conversation/history'], fields)
    expect(response.status).toBe(200)
    return (await response.json()) as HistoryPage
  }

  /** Every endpoint gives the same refusal; nothing is read, stored or said. Returns the bodies and the headers. */
  async function expectRefused(
    fields: Fields,
    status: number,
    code: string,
    headers: Record<string, string> = { origin },
  ): Promise<string[]> {
    const asked = claims.place.asked.length
    const answered = claims.world.responder.requests.length
    const answers: string[] = []
    for (const endpoint of conversationEndpoints) {
      const response = await call(endpoint, fields, headers)
      const body = await response.text()
      expect([endpoint, response.status, (JSON.parse(body) as ErrorBody).error.code]).toEqual([endpoint, status, code])
      for (const secret of [canary, ...fields.map(([, value]) => value).filter((value) => value.length > 3)]) {
        expect(body).not.toContain(secret)
      }
      answers.push(JSON.stringify([body, [...response.headers]]))
    }
    expect(claims.place.asked.slice(asked)).toEqual([])
    expect(claims.world.responder.requests).toHaveLength(answered)
    return answers
  }

  const identityRequired = (fields: Fields) => expectRefused(fields, 403, 'identity_required')

  return Object.assign(claims, { create, call, send, read, expectRefused, identityRequired })
}
