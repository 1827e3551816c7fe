/** What else happens in the moments in which a conversation is erased that was kept long enough: deaths, messages, replicas. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAudit } from '../../../server/access/audit.ts'
import { createRetention } from '../../../server/conversations/retention.ts'
import type { Retention } from '../../../server/conversations/retention.ts'
import { silentLogger } from '../../../server/logger.ts'
import { LogError } from '../../../server/storage/log.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openPlace, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'

const dayMs = 86_400_000
const shop = 'int_shop'
const names = [`${shop}.YQ`, `${shop}.Yg`]

describe.each(storages)('retention, moment by moment, on %s', (kind) => {
  let place: Place
  let log: ConversationLog
  let cleanUp: (() => Promise<void>)[]
  beforeEach(async () => {
    cleanUp = []
    place = await openPlace(kind)
    log = await place.open()
    cleanUp.push(() => place.dispose())
    cleanUp.push(() => log.close())
  })
  afterEach(async () => {
    for (const one of cleanUp.reverse()) await one()
  })

  /** A process that sweeps when it is told to, a month from now. */
  const sweeper = (on: ConversationLog): Retention => {
    const retention = createRetention({
      log: on,
      audit: createAudit(on),
      logger: silentLogger,
      now: () => Date.now() + 30 * dayMs,
      integrations: () => [{ id: shop, retentionDays: 7 }],
      sweepMs: 3_600_000,
      pauseMs: 0,
    })
    cleanUp.push(() => retention.close())
    return retention
  }
  const fill = async () => {
    for (const name of names) {
      const message = { actor: 'customer', type: 'message', body: 'Hello' }
      await log.append(name, 'public', message, { keys: ['client:1'] })
      await log.append(name, 'private', { type: 'note', body: 'A note.', by: 'Ann' })
    }
  }
  const bodies = async (name: string) =>
    (await log.after<{ body: string }>(name, 'public', null, 50)).entries.map(({ value }) => value.body)
  const proofs = async () =>
    (await createAudit(log).page(null, 500)).entries.map(({ action, target }) => [action, target])
  const listed = async () => (await log.recent()).conversations.map(({ conversation }) => conversation)

  it('is carried on by whoever comes next, at whatever call a process is lost, and proved once', async () => {
    for (let deadly = 1, isOver = false; !isOver; deadly++) {
      await fill()
      const before = (await proofs()).length
      isOver = await sweeper(doomed(log, deadly))
        .sweep()
        .then(
          () => true,
          () => false,
        )
      await sweeper(log).sweep()
      await sweeper(log).sweep()
      expect([deadly, await listed()]).toEqual([deadly, []])
      for (const name of names) {
        expect((await log.after(name, 'private', null, 9)).entries).toEqual([])
        expect(await log.find(name, 'client:1')).toBeNull()
      }
      const written = (await proofs()).slice(0, -before || undefined)
      expect([deadly, written.length, new Set(written.map(String)).size]).toEqual([deadly, 2, 2])
      expect((await log.after('~expiring', 'private', null, 9)).entries).toEqual([])
      if (deadly > 60) throw new Error('It never came to its end.')
    }
  })

  it('leaves a conversation alone in which somebody writes just before it is erased, and says nothing of it', async () => {
    await fill()
    const [name = ''] = names
    const meanwhile = before(log, 'removeIf', async () => {
      await log.append(name, 'public', { actor: 'customer', type: 'message', body: 'Still there?' })
    })
    await sweeper(meanwhile).sweep()
    expect(await bodies(name)).toEqual(['Hello', 'Still there?'])
    expect((await log.after(name, 'private', null, 9)).entries).toHaveLength(1)
    expect(await listed()).toEqual([name])
    expect(await proofs()).toHaveLength(1)
  })

  it('begins a conversation anew with what somebody writes just after it was erased', async () => {
    await fill()
    const [name = ''] = names
    const meanwhile = before(log, 'append', async ([conversation]) => {
      if (conversation !== '~audit') return
      await log.append(name, 'public', { actor: 'customer', type: 'message', body: 'Hello again' }, { keys: ['again'] })
    })
    await sweeper(meanwhile).sweep()
    expect(await bodies(name)).toEqual(['Hello again'])
    expect((await log.after(name, 'private', null, 9)).entries).toEqual([])
    expect(await listed()).toEqual([name])
    expect(await proofs()).toHaveLength(2)
  })

  it('erases and proves once when several processes sweep at once', async () => {
    const logs = [log, log, log]
    if (kind === 'redis') {
      for (const i of [1, 2]) {
        const other = await place.open()
        logs[i] = other
        cleanUp.push(() => other.close())
      }
    }
    for (let round = 1; round <= 4; round++) {
      await fill()
      await Promise.all(logs.map((one) => sweeper(one).sweep()))
      await sweeper(log).sweep()
      for (const name of names) expect(await bodies(name)).toEqual([])
      expect(await proofs()).toHaveLength(2 * round)
    }
  })
})

/** A log whose process is lost at its so manieth call: half of the time before, half of the time after it was heard. */
function doomed(log: ConversationLog, deadly: number): ConversationLog {
  let calls = 0
  const lost = () => new LogError('storage_unavailable', 'The process is gone.')
  return wrapped(log, async (_name, _args, call) => {
    const n = ++calls
    // Every call is a moment twice: before it, and after it.
    if (2 * n > deadly) throw lost()
    const answer = await call()
    if (2 * n + 1 > deadly) throw lost()
    return answer
  })
}

/** A log at which something happens just before the first call of a name. */
function before(log: ConversationLog, wanted: string, happens: (args: unknown[]) => Promise<void>): ConversationLog {
  let isOver = false
  return wrapped(log, async (name, args, call) => {
    if (name === wanted && !isOver) {
      isOver = wanted !== 'append' || args[0] === '~audit'
      await happens(args)
    }
    return call()
  })
}

function wrapped(
  log: ConversationLog,
  around: (name: string, args: unknown[], call: () => unknown) => Promise<unknown>,
): ConversationLog {
  return new Proxy(log, {
    get(target, name: string) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function' || name === 'watch' || name === 'close') return value
      return (...args: unknown[]) => around(name, args, () => (value as (...args: unknown[]) => unknown)(...args))
    },
  })
}
