/** The feed: operators see what happens as it happens, on whatever server. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLive } from '../../../server/conversations/live.ts'
import type { LiveEvent } from '../../../server/conversations/live.ts'
import type { ConversationLog, Notice } from '../../../server/storage/log.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { nextDoor, openOffice } from './office.ts'
import type { Office } from './office.ts'

/** A reader of the feed of a server. */
async function listen(world: World, key = operatorKey) {
  const response = await world.lumika.fetch(
    new Request('http://localhost:3000/api/activities/live', { headers: { authorization: `Bearer ${key}` } }),
  )
  const seen: LiveEvent[] = []
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const reading = (async () => {
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
      const data = /^data: (.*)\n\n$/s.exec(step.value)?.[1]
      if (data) seen.push(JSON.parse(data) as LiveEvent)
    }
  })()
  return { response, seen, reading, leave: () => reader?.cancel() }
}

describe.each(storages)('the feed, on %s', (kind) => {
  let place: Place
  let office: Office
  beforeEach(async () => {
    place = await openPlace(kind)
    office = await openOffice(place, { responseMode: 'approval' })
  })
  afterEach(async () => {
    await office.world.close()
    await place.dispose()
  })

  it('tells of messages, drafts, notes and decisions at another server', async () => {
    const other = await nextDoor(office)
    const feed = await listen(other.world)
    await expect.poll(() => feed.seen).toEqual([{ type: 'ready' }])
    const { conversationId } = office
    const activity = { type: 'activity', conversationId, integrationId: office.world.integration.id }
    const steps = [
      () => office.send('Hello'),
      async () => void (await office.drafts(1)),
      () => office.done('notes', { body: 'A note' }),
      () => office.done('takeover'),
      () => office.done('messages', { body: 'A person here' }),
    ]
    for (const step of steps) {
      const before = feed.seen.length
      await step()
      await expect.poll(() => feed.seen.slice(before)).toContainEqual(expect.objectContaining(activity))
    }
    expect(feed.seen.map(({ type }) => type)).toContain('writing')
    // Of the customer's one message, and of nobody else's.
    expect(feed.seen.filter(({ type }) => type === 'message')).toEqual([
      { ...activity, type: 'message', key: expect.any(String) as string },
    ])
    expect(JSON.stringify(feed.seen)).not.toMatch(/Hello|A note|A person/)
    await feed.leave()
    if (other !== office) await other.world.close()
  })

  it('ends with the server', async () => {
    const feed = await listen(office.world)
    await office.world.close()
    await feed.reading
    expect(feed.seen).toEqual([{ type: 'ready' }])
    office = await openOffice(place)
  })

  it('is for operators', async () => {
    for (const key of [office.world.token, 'nobody']) {
      const { response } = await listen(office.world, key)
      expect(response.status).toBe(401)
    }
  })
})

describe('the feed', () => {
  function open(keepAliveMs = 60_000) {
    let tell: (notice: Notice) => void = () => {}
    let watching = 0
    const log = { watch: (listener: typeof tell) => ((tell = listener), watching++, () => watching--) }
    const live = createLive({ log: log as unknown as ConversationLog, keepAliveMs })
    const gone = new AbortController()
    let isAllowed = true
    const feed = live.follow({ signal: gone.signal, isAllowed: () => Promise.resolve(isAllowed) })
    const append = (name: string, lane: 'public' | `turn/${string}` = 'public') =>
      tell({ conversation: `i1.${Buffer.from(name).toString('base64url')}`, lane, position: 0 })
    const next = async () => (await feed.next()).value
    return {
      live,
      gone,
      feed,
      append,
      next,
      tell: (n: Notice) => tell(n),
      forbid: () => (isAllowed = false),
      watchers: () => watching,
    }
  }

  it('tells a slow reader once of each conversation, however much has happened there', async () => {
    const { append, next } = open()
    await next()
    for (let n = 0; n < 100; n++) append(`c${n % 2}`)
    append('c0', 'turn/t1')
    const news = [await next(), await next(), await next()]
    expect(news).toMatchObject([{ conversationId: 'c0' }, { conversationId: 'c1' }, { type: 'writing' }])
  })

  it('tells a reader that is far behind, or that may have missed something, to look at everything', async () => {
    const { append, next, tell } = open()
    await next()
    for (let n = 0; n < 2_000; n++) append(`c${n}`)
    expect(await next()).toEqual({ type: 'resync' })
    append('c1')
    tell('resync')
    append('c2')
    expect(await next()).toEqual({ type: 'resync' })
    append('c3')
    expect(await next()).toMatchObject({ conversationId: 'c3' })
  })

  it('gives signs of life, as long as the reader may hear any', async () => {
    const { next, feed, forbid } = open(1)
    expect(await next()).toEqual({ type: 'ready' })
    expect(await next()).toBeNull()
    forbid()
    expect((await feed.next()).done).toBe(true)
  })

  it('says nothing of what belongs to the system, and leaves nothing behind', async () => {
    const { append, next, tell, gone, feed, live, watchers } = open()
    await next()
    tell({ conversation: '~registry', lane: 'private', position: 0 })
    append('c1')
    expect(await next()).toMatchObject({ conversationId: 'c1' })
    const waiting = feed.next()
    gone.abort()
    expect((await waiting).done).toBe(true)
    live.close()
    expect(watchers()).toBe(0)
  })
})
