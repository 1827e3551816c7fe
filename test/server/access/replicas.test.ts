/** The registry on several processes: each has a connection of its own to the same Redis. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createRegistry } from '../../../server/access/registry.ts'
import type { Registry } from '../../../server/access/registry.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openPlace } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'

let place: Place
let logs: ConversationLog[]
let one: Registry
let two: Registry

beforeAll(async () => {
  place = await openPlace('redis')
  logs = [await place.open(), await place.open()]
  const open = (log: ConversationLog) => createRegistry({ log, responders: { names: ['echo'], default: 'echo' } })
  ;[one, two] = (await Promise.all(logs.map(open))) as [Registry, Registry]
})

afterAll(async () => {
  one.close()
  two.close()
  for (const log of logs) await log.close()
  await place.dispose()
})

it('O52: what is made, changed and revoked on one replica counts on the other', async () => {
  const { integration, token, tokenId } = await one.create({ name: 'Shop', kind: 'api' })
  await vi.waitFor(async () => expect((await two.resolve(token))?.integration).toEqual(integration))

  await two.update(integration.id, { allowedDomains: ['shop.example'] })
  await vi.waitFor(() => expect(one.get(integration.id)?.allowedDomains).toEqual(['shop.example']))

  const told = vi.fn()
  two.onChange(told)
  await one.revokeToken(integration.id, tokenId)
  await vi.waitFor(() => expect(told).toHaveBeenCalledWith(integration.id))
  expect(two.isLive(integration.id, tokenId)).toBe(false)
  expect(await two.resolve(token)).toBeNull()
})

it('changes made on both at once are all kept', async () => {
  const { integration } = await one.create({ name: 'Shop', kind: 'widget' })
  await vi.waitFor(() => expect(two.get(integration.id)).not.toBeNull())
  const made = await Promise.all([one, two, one, two, one, two].map((registry) => registry.addToken(integration.id)))
  for (const registry of [one, two]) {
    await vi.waitFor(() => expect(registry.get(integration.id)?.tokens).toHaveLength(7))
    for (const { token, tokenId } of made) expect((await registry.resolve(token))?.tokenId).toBe(tokenId)
  }
})

it('of two operator keys made at a first start, one stands, on both', async () => {
  const keys = ['the first key', 'the second key']
  const outcomes = await Promise.all(
    [one, two].map((registry, n) => registry.setOperatorKey(keys[n] as string, { ifAbsent: true })),
  )
  expect(outcomes.filter(Boolean)).toHaveLength(1)
  const key = keys[outcomes.indexOf(true)] as string
  for (const registry of [one, two]) expect(await registry.checkOperatorKey(key)).toBe(true)
})
