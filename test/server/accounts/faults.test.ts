/** G10: one call of the storage fails, every one in its turn, while people log in, invite, change and remove each other. */
import { Redis } from 'ioredis'
import { createStorage } from 'unstorage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditPage } from '../../../server/access/audit.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openLog } from '../../../server/storage/open.ts'
import { openRedisLog } from '../../../server/storage/redis.ts'
import { startRedis } from '../../helpers/redis.ts'
import type { TestRedis } from '../../helpers/redis.ts'
import { operatorKey } from '../../helpers/world.ts'
import { createFault, faultyLog } from '../guarantees/faults.ts'
import type { Fault, FaultTime } from '../guarantees/faults.ts'
import { browserAt, openStaffedWorld, password } from './staff.ts'
import type { Answer, Asked, Browser } from './staff.ts'

const other = 'another good password'

let redis: TestRedis
let client: Redis
let grounds = 0
beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.url)
})
afterAll(async () => {
  client.disconnect()
  await redis.stop()
})

const places: Record<string, () => Promise<ConversationLog>> = {
  memory: () => openLog(createStorage()),
  redis: () => openRedisLog(client, { prefix: `accounts-${grounds++}:` }),
}

/** Plays it all with one failure in it. */
async function play(open: () => Promise<ConversationLog>, fault: Fault): Promise<void> {
  const log = faultyLog(await open(), fault)
  const world = await openStaffedWorld({ kind: 'memory', open: async () => log, dispose: async () => {} })
  let refused = 0
  /** Asks again when storage failed. What the second try may come to is known where the first one had taken effect. */
  const ask = async (browser: Browser, path: string, asked: Asked, status: number, orElse: number[] = []) => {
    const before = refused
    let answer: Answer<unknown>
    for (answer = await browser.ask(path, asked); answer.status === 503; answer = await browser.ask(path, asked)) {
      expect(answer.body).toMatchObject({ error: { code: 'storage_unavailable' } })
      expect(answer.headers.get('set-cookie')).toBeNull()
      refused++
    }
    const may = refused > before ? [status, ...orElse] : [status]
    expect(may, `${asked.method ?? 'POST'} ${path}`).toContain(answer.status)
    return answer
  }
  const login = (browser: Browser, name: string, given: string) =>
    ask(browser, '/api/session', { body: { name, password: given } }, 200)
  const ann = browserAt(world)
  const ben = browserAt(world)
  fault.isArmed = true

  await ask(ann, '/api/operators', { body: { operatorKey, name: 'Ann', password } }, 201, [409])
  await login(ann, 'Ann', password)
  const invite = await ask(ann, '/api/invitations', { body: { role: 'operator' } }, 201)
  const invitation = (invite.body as { url: string }).url.split('#')[1]
  await ask(ben, '/api/operators', { body: { invitation, name: 'Ben', password } }, 201, [403])
  await login(ben, 'Ben', password)
  const everybody = async () => {
    const { body } = await ask(ann, '/api/operators', { method: 'GET' }, 200)
    return (body as { operators: { id: string; name: string; role: string }[] }).operators
  }
  const id = (await everybody()).find(({ name }) => name === 'Ben')?.id ?? ''
  await ask(ann, `/api/operators/${id}`, { method: 'PATCH', body: { role: 'owner' } }, 200)
  // The password is another one already, whether or not this server has heard that the session is over with it.
  await ask(ben, '/api/operators/me/password', { body: { current: password, next: other } }, 200, [401, 403, 409])
  await login(ben, 'Ben', other)
  await ask(ben, '/api/session', { method: 'DELETE' }, 204)
  await login(ben, 'Ben', other)
  await ask(ben, '/api/sessions', { method: 'DELETE' }, 204, [401])
  await ask(ann, '/api/activities', { method: 'GET' }, 200)
  expect((await everybody()).map(({ name, role }) => [name, role])).toEqual([
    ['Ann', 'owner'],
    ['Ben', 'owner'],
  ])
  await ask(ann, `/api/operators/${id}`, { method: 'DELETE' }, 204, [404])

  fault.isArmed = false
  if (fault.fired === null) expect(refused).toBe(0)
  expect((await everybody()).map(({ name }) => name)).toEqual(['Ann'])
  expect((await ben.ask('/api/activities')).status).toBe(401)
  // The next change at the latest tells of what could not be told.
  await ann.ask('/api/invitations', { body: { role: 'operator' } })
  const { body } = await ann.ask<AuditPage>('/api/audit?limit=200')
  const actions = body.entries.map(({ action }) => action)
  const deeds = ['owner-created', 'invitation-created', 'invitation-used', 'role-changed', 'password-changed']
  const times = [...deeds, 'logged-out-everywhere', 'operator-removed'].map(
    (deed) => actions.filter((action) => action === deed).length,
  )
  // What was asked for twice, because the first answer was lost, may have been done twice; nothing was done in silence.
  expect(Math.min(...times)).toBe(1)
  if (fault.fired === null) expect(times).toEqual([1, 2, 1, 1, 1, 1, 1])
  await world.close()
}

describe.each(Object.entries(places))('accounts when the storage fails, on %s', (_, open) => {
  it.each<FaultTime>(['before', 'after'])(
    'G10: at one call after the other, %s it took effect: nobody gets in twice, and nobody who may is kept out',
    async (time) => {
      const whole = createFault(time, Infinity)
      await play(open, whole)
      expect(whole.seen.length).toBeGreaterThan(20)
      const problems: string[] = []
      const queue = whole.seen.map((_call, n) => createFault(time, n + 1))
      const work = async () => {
        for (let fault = queue.shift(); fault; fault = queue.shift()) {
          const { at } = fault
          await play(open, fault).catch((error: unknown) => {
            problems.push(`call ${at} (${whole.seen[at - 1]}): ${(error as Error).message.slice(0, 400)}`)
          })
        }
      }
      await Promise.all(Array.from({ length: 10 }, work))
      expect(problems).toEqual([])
    },
    120_000,
  )
})
