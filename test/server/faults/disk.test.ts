/** T3, F92: a disk that refuses, as a visitor meets it: 503 and no ack, the old history intact, and no restart needed. */
import { chmod, chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import { openFilesystemLog } from '../../../server/storage/filesystem.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { allEvents, eventsOf, textOf } from '../../helpers/sse.ts'
import { openWorld, operatorKey } from '../../helpers/world.ts'
import type { World, WorldOptions } from '../../helpers/world.ts'
import { mountDisk } from './disk.ts'
import type { Disk } from './disk.ts'
import { bundleReplica } from './start-replica.ts'
import type { Replica, ReplicaBundle, StartReplicaOptions } from './start-replica.ts'
import { patience, slowly } from './patience.ts'

vi.setConfig(slowly)

const conversationId = 'customer-42'
const key = (n: number) => `client-message-${String(n).padStart(8, '0')}`

let folder: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'lumika-disk-')), 'data')
  await mkdir(folder)
})
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }))

describe('a disk', () => {
  let disk: Disk
  let world: World
  beforeEach(() => {
    disk = mountDisk(folder)
  })
  afterEach(async () => {
    await world.close()
    disk.remove()
  })

  const open = async (options: WorldOptions = {}) => {
    const place = {
      kind: 'fs' as const,
      open: () => openFilesystemLog({ base: folder, fs: disk.fs }),
      dispose: async () => {},
    }
    world = await openWorld(place, options)
  }
  const send = (text: string, n: number) =>
    world.post('/conversation/sse', { conversationId, textContent: text, clientMessageId: key(n) })

  it('T3, F92, G10: that is full: 503 and no ack; with room again the same send is stored once, without a restart', async () => {
    await open()
    const stored = async () => {
      const query = { conversationId, limit: '200' }
      return ((await (await world.get('/conversation/history', query)).json()) as HistoryPage).messages
    }
    const textOfMessage = (n: number) => `${n} ${'x'.repeat(1_000)}`
    const kept: string[] = []
    let response = await send(textOfMessage(0), 0)
    for (
      ;
      response.status === 200 && kept.length < 500;
      response = await send(textOfMessage(kept.length), kept.length)
    ) {
      // What was acked counts, whatever becomes of its answer on a disk that fills up.
      for await (const { type } of eventsOf(response)) if (type === 'ack') break
      kept.push(textOfMessage(kept.length))
    }
    expect(kept.length).toBeGreaterThan(5)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await response.json()).toMatchObject({ error: { code: 'storage_unavailable' } })
    const messages = (await stored()).filter(({ actor }) => actor === 'customer').map(({ body }) => body)
    expect(messages).toEqual(kept)

    disk.makeRoom()
    await expect.poll(async () => (await send(textOfMessage(kept.length), kept.length)).status, patience).toBe(200)
    kept.push(textOfMessage(kept.length))
    // Answers that could not be written are written now.
    await expect.poll(async () => (await stored()).length, patience).toBe(2 * kept.length)
    const bodies = (await stored()).map(({ actor, body }) => ({ actor, body }))
    expect(bodies.filter(({ actor }) => actor === 'customer').map(({ body }) => body)).toEqual(kept)
    const answers = kept.map((each) => `You said: ${each}`)
    expect(bodies.filter(({ actor }) => actor === 'assistant').map(({ body }) => body)).toEqual(answers)
    expect(world.responder.requests.map((each) => each.text)).toEqual(kept)
  })

  it('T3, F92, G4: that turns read-only in mid-answer: reads go on, and the answer once it can be written', async () => {
    const gate = valve()
    await open({
      responder: spyResponder(async function* () {
        yield 'one '
        await gate.opened
        yield 'two'
      }),
    })
    const reading = allEvents(await send('Hello', 1))
    await expect.poll(() => world.responder.requests.length, patience).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 100))
    disk.setReadOnly(true)
    gate.open()

    const refused = await send('Are you there?', 2)
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await world.bodies(conversationId)).toEqual(['Hello'])
    expect((await world.get('/ready')).status).toBe(503)
    expect((await world.get('/health')).status).toBe(200)

    disk.setReadOnly(false)
    expect(textOf(await reading)).toBe('one two')
    expect((await world.get('/ready')).status).toBe(200)
    expect(textOf(await allEvents(await send('Are you there?', 2)))).toBe('one two')
    expect(await world.bodies(conversationId)).toEqual(['Hello', 'one two', 'Are you there?', 'one two'])
    expect(world.responder.requests).toHaveLength(2)
  })
})

describe('a process', () => {
  let bundle: ReplicaBundle
  let model: FakeOpenAI
  let replica: Replica | undefined
  let token: string
  beforeAll(async () => {
    bundle = await bundleReplica()
    model = await startFakeOpenAI()
  })
  afterAll(async () => {
    await model.close()
    await bundle.remove()
  })
  afterEach(() => replica?.kill())

  const start = async (options: StartReplicaOptions = {}) => {
    const settings = { storage: `fs:${folder}`, operatorKey, leaseMs: 30_000, model: model.url, firstPieceMs: 30_000 }
    replica = await bundle.start(settings, options)
    const response = await fetch(`${replica.url}/api/integrations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Test', kind: 'api' }),
    })
    token = ((await response.json()) as { token: string }).token
    return replica.url
  }
  const query = (params: Record<string, string>) =>
    new URLSearchParams({ integrationToken: token, conversationId, ...params }).toString()
  const send = (base: string, text: string, n: number) =>
    fetch(`${base}/conversation/sse`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: query({ textContent: text, clientMessageId: key(n) }),
    })
  const history = (base: string) => fetch(`${base}/conversation/history?${query({})}`)
  const bodies = async (base: string) =>
    ((await (await history(base)).json()) as HistoryPage).messages.map(({ body }) => body)

  it('T3, F92: that may not write (EACCES): 503, the old history stays readable, and it needs no restart', async () => {
    // Root may write whatever the modes say, so it is somebody else where root runs the tests.
    const isRoot = process.getuid?.() === 0
    const nobody = 65_534
    await chmod(join(folder, '..'), 0o755)
    if (isRoot) await chown(folder, nobody, nobody)
    const base = await start(isRoot ? { uid: nobody } : {})
    await allEvents(await send(base, 'Hello', 1))
    const whole = ['Hello', openAIAnswerTo('Hello')]

    const setModes = async (folders: number, files: number) => {
      await chmod(folder, 0o700)
      for (const one of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (one.name !== 'lock') await chmod(join(one.parentPath, one.name), one.isDirectory() ? 0o700 : files)
      }
      for (const one of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (one.isDirectory()) await chmod(join(one.parentPath, one.name), folders)
      }
      await chmod(folder, folders)
    }
    await setModes(0o500, 0o400)
    const refused = await send(base, 'Are you there?', 2)
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await bodies(base)).toEqual(whole)
    expect((await fetch(`${base}/ready`)).status).toBe(503)

    await setModes(0o700, 0o600)
    expect(textOf(await allEvents(await send(base, 'Are you there?', 2)))).toBe(openAIAnswerTo('Are you there?'))
    expect(await bodies(base)).toEqual([...whole, 'Are you there?', openAIAnswerTo('Are you there?')])
  })

  it('T3, F92, F91: without a free file descriptor (EMFILE): 503 and never an empty history, and it needs no restart', async () => {
    const base = await start({ command: ['/bin/sh', '-c', 'ulimit -n 60 && exec "$0" "$@"'] })
    await allEvents(await send(base, 'Hello', 1))
    // Another process reads it from the disk: nothing of it is in memory.
    await replica?.kill()
    const { token: before } = { token }
    const again = await start({ command: ['/bin/sh', '-c', 'ulimit -n 60 && exec "$0" "$@"'] })
    token = before
    // A connection that is there already: another would need a descriptor of its own.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = (path: string, method = 'GET', body = '') =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        const asked = request(`${again}${path}`, { agent, method, headers }, (response) => {
          let text = ''
          response.on('data', (data: Buffer) => (text += data.toString()))
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
        })
        asked.on('error', reject)
        asked.end(body)
      })
    expect((await ask('/health')).status).toBe(200)

    const { hostname, port } = new URL(again)
    const idle: Socket[] = []
    for (let n = 0; n < 80; n++) {
      const socket = connect(Number(port), hostname).on('error', () => {})
      await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
      idle.push(socket)
    }
    const read = await ask(`/conversation/history?${query({})}`)
    expect([read.status, read.text]).toEqual([503, expect.stringContaining('storage_unavailable')])
    const refused = await ask('/conversation/sse', 'POST', query({ textContent: 'More', clientMessageId: key(2) }))
    expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('storage_unavailable')])

    for (const socket of idle) socket.destroy()
    await expect.poll(async () => (await ask(`/conversation/history?${query({})}`)).status, patience).toBe(200)
    agent.destroy()
    expect(await bodies(again)).toEqual(['Hello', openAIAnswerTo('Hello')])
    expect(textOf(await allEvents(await send(again, 'More', 2)))).toBe(openAIAnswerTo('More'))
    expect(await bodies(again)).toEqual(['Hello', openAIAnswerTo('Hello'), 'More', openAIAnswerTo('More')])
  })
})
