import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { build } from 'vite'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openFilesystemLog } from '../../../server/storage/filesystem.ts'
import type { FilesystemLogOptions } from '../../../server/storage/filesystem.ts'
import { isLogError } from '../../../server/storage/log.ts'
import type { ConversationLog, LogEntry } from '../../../server/storage/log.ts'
import { keyOf, stored, until } from '../../contract/log.suite.ts'
import { hookedFs, systemError } from '../../helpers/faulty-fs.ts'

describe('the log in files', () => {
  let base: string
  let logs: ConversationLog[]
  let alerts: string[]

  beforeEach(async () => {
    base = join(await mkdtemp(join(tmpdir(), 'lumika-files-')), 'data')
    logs = []
    alerts = []
  })

  afterEach(async () => {
    for (const log of logs) await log.close().catch(() => {})
    await rm(dirname(base), { recursive: true, force: true })
  })

  async function open(options: Partial<FilesystemLogOptions> = {}): Promise<ConversationLog> {
    const log = await openFilesystemLog({ base, onAlert: (message) => alerts.push(message), ...options })
    logs.push(log)
    return log
  }

  const publicFile = (id: string) => join(base, 'conversations', 'shop', `${id}.jsonl`)
  const all = async (log: ConversationLog, conversation: string) =>
    (await log.after(conversation, 'public', null, 1e6)).entries

  async function filesIn(folder: string): Promise<string[]> {
    const found = await readdir(folder, { recursive: true, withFileTypes: true })
    return found.filter((one) => one.isFile()).map((one) => relative(folder, join(one.parentPath, one.name)))
  }

  describe('layout', () => {
    it('keeps a conversation in files a person can read, one line of JSON an entry', async () => {
      const log = await open()
      const key = keyOf('order-17')
      const entry = await stored(log.append(key, 'public', { body: 'Grüße' }, { keys: ['client:1'] }))
      await log.append(key, 'private', { note: 'x' })
      await log.append(key, 'turn/tA', 'delta')
      await log.append('~registry', 'public', { integration: 1 })
      await log.close()
      expect((await filesIn(base)).sort()).toEqual([
        'conversations/shop/order-17.jsonl',
        'conversations/shop/order-17.private.jsonl',
        'inbox.jsonl',
        'system/registry.jsonl',
        'turns/shop/order-17/t%41.jsonl',
      ])
      const text = await readFile(publicFile('order-17'), 'utf8')
      expect(text).toContain('Grüße')
      expect(text.endsWith('\n')).toBe(true)
      expect(JSON.parse(text)).toEqual(entry)
    })

    it('clears away the pieces of old answers at the start, but for conversations with something unfinished', async () => {
      const log = await open()
      await log.append(keyOf('done'), 'public', 1, { opens: 't1' })
      await log.append(keyOf('done'), 'turn/t1', 1)
      await log.append(keyOf('done'), 'public', 2, { closes: 't1' })
      await log.append(keyOf('open'), 'public', 1, { opens: 't2' })
      await log.append(keyOf('open'), 'turn/t2', 'half')
      await log.append(keyOf('new'), 'turn/t3', 'just now')
      await log.close()
      const twoHoursAgo = new Date(Date.now() - 7_200_000)
      for (const lane of ['done/t1', 'open/t2']) {
        await utimes(join(base, 'turns', 'shop', `${lane}.jsonl`), twoHoursAgo, twoHoursAgo)
      }
      const next = await open()
      expect((await filesIn(join(base, 'turns'))).map((file) => dirname(file)).sort()).toEqual([
        'shop/new',
        'shop/open',
      ])
      expect((await next.after(keyOf('open'), 'turn/t2', null, 9)).entries.map(({ value }) => value)).toEqual(['half'])
      expect((await next.after(keyOf('done'), 'turn/t1', null, 9)).entries).toEqual([])
    })

    it('lets nobody else on the machine read them', async () => {
      const log = await open()
      await log.append(keyOf('a'), 'public', 1)
      await log.append(keyOf('a'), 'turn/t', 1)
      for (const file of await filesIn(base)) expect((await stat(join(base, file))).mode & 0o777, file).toBe(0o600)
      for (const folder of ['.', 'conversations', 'conversations/shop', 'turns/shop/a']) {
        expect((await stat(join(base, folder))).mode & 0o777, folder).toBe(0o700)
      }
    })

    it('F101: writes nothing outside its folder and no name a file system could confuse', async () => {
      const log = await open()
      const ids = [
        '../../x',
        '..',
        '.',
        '/etc/x',
        'a/b',
        'CON',
        'con',
        'nul',
        'aux',
        'com1',
        'A',
        'a',
        'x.',
        'a:b',
        'é',
        'x'.repeat(220),
      ]
      for (const id of ids) {
        for (const lane of ['public', 'private', 'turn/CON'] as const) await log.append(keyOf(id), lane, 1)
      }
      for (const key of ['..', '...', '.', 'con.con', 'CON.CON', '~..', '~con', '~.'])
        await log.append(key, 'public', 1)
      expect(await readdir(dirname(base))).toEqual(['data'])
      const files = await filesIn(base)
      expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(files.length)
      for (const part of files.flatMap((file) => file.split('/'))) {
        expect(part).toMatch(/^[a-z0-9_%=.-]+$/)
        expect(part.length).toBeLessThan(256)
        expect(part.split('.')[0]).not.toMatch(/^(|con|prn|aux|nul|com\d|lpt\d)$/)
      }
    })

    it('removes the folder of the turns with its last lane', async () => {
      const log = await open()
      await log.append(keyOf('a'), 'turn/t1', 1)
      await log.append(keyOf('a'), 'turn/t2', 1)
      await log.remove(keyOf('a'), 'turn/t1')
      expect(await readdir(join(base, 'turns/shop'))).toEqual(['a'])
      await log.remove(keyOf('a'), 'turn/t2')
      expect(await readdir(join(base, 'turns/shop'))).toEqual([])
      expect((await stored(log.append(keyOf('a'), 'turn/t3', 1))).position).toBe(0)
    })
  })

  describe('durability', () => {
    it('G2: writes and syncs the journal, then the entry, then the folder of a new file, and only then answers', async () => {
      const calls: string[] = []
      const log = await open({ fs: hookedFs((call, path) => calls.push(`${call} ${relative(base, path)}`)) })
      const kept = () => calls.splice(0).filter((one) => /^(appendFile|datasync|sync) (?!lock)/.test(one))
      kept()
      await log.append(keyOf('a'), 'public', 1, { opens: 't1' })
      expect(kept()).toEqual([
        'appendFile inbox.jsonl',
        'datasync inbox.jsonl',
        'sync ',
        'sync conversations',
        'sync ',
        'appendFile conversations/shop/a.jsonl',
        'datasync conversations/shop/a.jsonl',
        'sync conversations/shop',
      ])
      await log.append(keyOf('a'), 'public', 2)
      expect(kept()).toEqual(['appendFile conversations/shop/a.jsonl', 'datasync conversations/shop/a.jsonl'])
      await log.append(keyOf('a'), 'turn/t1', 2)
      expect(kept()).toEqual(['appendFile turns/shop/a/t1.jsonl'])
    })

    it('G2, F90: a process killed with SIGKILL in mid-write loses nothing it acknowledged, and the next one starts at once', async () => {
      const acknowledged = new Set<string>()
      for (let round = 0; round < 8; round++) {
        const child = await startWriter(base, round)
        await until(() => child.lines.length > 40 + round * 13)
        child.process.kill('SIGKILL')
        await child.ended
        for (const line of child.lines) acknowledged.add(line)
      }
      const log = await open()
      const values = new Set<string>()
      for (const name of ['a', 'b', 'c']) {
        const entries = await all(log, keyOf(name))
        expect(entries.map(({ position }) => position)).toEqual(entries.map((_, i) => i))
        for (const { value, keys } of entries) {
          expect((await log.find(keyOf(name), keys[0] as string))?.entry.value).toEqual(value)
          values.add(value as string)
        }
      }
      expect([...acknowledged].filter((value) => !values.has(value))).toEqual([])
      const marks = new Set((await log.recent({ unfinished: true })).conversations.flatMap((one) => one.unfinished))
      expect([...values].filter((value) => !marks.has(value))).toEqual([])
    }, 60_000)

    it('G10: stopped at any call, the next process finds everything acknowledged, in order, with its keys and marks', async () => {
      for (let last = 0, isDone = false; !isDone; last++) {
        let calls = 0
        const fs = hookedFs((_call, path) => {
          if (path.endsWith('lock')) return
          if (calls++ >= last) throw systemError('EIO')
        })
        const acknowledged: string[] = []
        const first = await open({ fs }).catch(() => null)
        if (first) {
          isDone = true
          for (const key of ['k1', 'k2', 'k3']) {
            const result = await first.append(keyOf('a'), 'public', key, { keys: [key], opens: key }).catch(() => null)
            if (result) acknowledged.push(key)
            else isDone = false
          }
          await first.close().catch(() => {})
        }
        await rm(join(base, 'lock'), { force: true })
        const log = await open()
        for (const key of ['k1', 'k2', 'k3']) await log.append(keyOf('a'), 'public', key, { keys: [key], opens: key })
        const entries = await all(log, keyOf('a'))
        expect(entries.map(({ value }) => value).sort()).toEqual(['k1', 'k2', 'k3'])
        expect(entries.map(({ position }) => position)).toEqual([0, 1, 2])
        const indexes = acknowledged.map((key) => entries.findIndex(({ value }) => value === key))
        expect(indexes).toEqual([...indexes].sort())
        await log.close()
        await rm(base, { recursive: true })
      }
    }, 30_000)

    it('opens every mark durably before its entry exists, whatever call fails', async () => {
      let isBroken = false
      const log = await open({
        fs: hookedFs((call, path) => {
          if (isBroken && path.includes('conversations') && call === 'appendFile') throw systemError('ENOSPC')
        }),
      })
      isBroken = true
      await expect(log.append(keyOf('a'), 'public', 1, { opens: 't1' })).rejects.toMatchObject({
        code: 'storage_unavailable',
      })
      expect(await readFile(join(base, 'inbox.jsonl'), 'utf8')).toContain('"open":["t1"]')
    })
  })

  describe('a disk that refuses', () => {
    it.each(['ENOSPC', 'EROFS', 'EACCES', 'EMFILE'])(
      'F92: %s at any call is storage_unavailable with the old data intact, and passes without a restart',
      async (code) => {
        let calls = -1
        let failAt = -1
        const fs = hookedFs((_call, path) => {
          if (!path.endsWith('lock') && calls >= 0 && calls++ === failAt) throw systemError(code)
        })
        const log = await open({ fs })
        const conversation = keyOf('a')
        await log.append(conversation, 'public', 'old', { keys: ['old'] })
        let failures = 0
        for (failAt = 0; ; failAt++) {
          calls = 0
          const keys = [`k${failAt}`]
          const options = { keys, opens: `t${failAt}` }
          const error: unknown = await log.append(conversation, 'public', keys[0], options).then(
            () => null,
            (e: unknown) => e,
          )
          calls = -1
          if (error) {
            failures++
            expect(isLogError(error, 'storage_unavailable')).toBe(true)
            expect((error as Error).message).toContain(code)
          }
          const again = await log.append(conversation, 'public', keys[0], options)
          expect(again.outcome).toBe(error ? 'stored' : 'existing')
          const entries = await all(log, conversation)
          expect(entries.map(({ value }) => value)).toEqual([
            'old',
            ...Array.from({ length: failAt + 1 }, (_, i) => `k${i}`),
          ])
          if (!error) break
        }
        expect(failures).toBeGreaterThan(5)
        await log.close()
        expect(await filesIn(base)).not.toContain('quarantine')
        expect((await all(await open(), conversation)).length).toBe(failAt + 2)
      },
    )

    it('F92: a disk that is really full takes nothing half, and takes it once there is room', async () => {
      await mkdir(base, { recursive: true })
      const disk = smallDisk(base)
      try {
        const log = await open({ fs: disk.fs })
        const conversation = keyOf('a')
        let count = 0
        let error: unknown
        for (; !error && count < 1_000; count++) {
          const value = `${count}${'x'.repeat(1_500)}`
          error = await log.append(conversation, 'public', value, { keys: [`k${count}`] }).then(
            () => null,
            (e: unknown) => e,
          )
        }
        expect(isLogError(error, 'storage_unavailable')).toBe(true)
        const before = await all(log, conversation)
        expect(before).toHaveLength(count - 1)
        disk.makeRoom()
        expect((await stored(log.append(conversation, 'public', 'room', { keys: [`k${count - 1}`] }))).position).toBe(
          count - 1,
        )
        await log.close()
        const after = await all(await open(), conversation)
        expect(after.slice(0, -1)).toEqual(before)
        expect(after.at(-1)?.value).toBe('room')
        for (const log of logs) await log.close()
      } finally {
        disk.remove()
      }
    })

    it('asks the disk for the inbox, so that a health check notices a folder that is gone', async () => {
      const log = await open()
      await log.append(keyOf('a'), 'public', 1)
      await rm(base, { recursive: true })
      await expect(log.recent()).rejects.toMatchObject({ code: 'storage_unavailable' })
    })

    it('G10: a file that is gone is an error, never an empty history', async () => {
      const log = await open({ maxBytes: 1 })
      for (let i = 0; i < 3; i++) await log.append(keyOf('a'), 'public', i, { keys: [`k${i}`] })
      let isBroken = true
      await log.close()
      const broken = await open({
        fs: hookedFs((_call, path) => {
          if (isBroken && path.endsWith('a.jsonl')) throw systemError('EMFILE')
        }),
      })
      const read = async () => broken.after(keyOf('a'), 'public', null, 5)
      await expect(read()).rejects.toMatchObject({ code: 'storage_unavailable' })
      await expect(broken.append(keyOf('a'), 'public', 9)).rejects.toMatchObject({ code: 'storage_unavailable' })
      isBroken = false
      expect((await read()).entries).toHaveLength(3)
    })
  })

  describe('damaged files', () => {
    const damagedName = (file: string, offset: number) => `conversations~shop~${file}.${offset}`

    async function write(count: number): Promise<LogEntry[]> {
      const log = await open()
      const entries: LogEntry[] = []
      for (let i = 0; i < count; i++)
        entries.push(await stored(log.append(keyOf('a'), 'public', { i }, { keys: [`k${i}`] })))
      await log.close()
      return entries
    }

    it.each([
      ['half a line', '{"position":3,"id":"3-x","createdAt":"2026-0'],
      ['zeros', '\0'.repeat(100)],
      ['a long piece', 'x'.repeat(200_000)],
    ])('F90: a torn end (%s) is moved to quarantine, and writing goes on', async (_name, torn) => {
      const entries = await write(3)
      const { size } = await stat(publicFile('a'))
      await appendFile(publicFile('a'), torn)
      const log = await open()
      expect(await all(log, keyOf('a'))).toEqual(entries)
      const next = await stored(log.append(keyOf('a'), 'public', 'next', { keys: ['k3'] }))
      expect(next.position).toBe(3)
      expect(await readFile(join(base, 'quarantine', damagedName('a.jsonl', size)), 'utf8')).toBe(torn)
      expect(alerts).toHaveLength(1)
      expect(alerts.join()).not.toMatch(/shop|a\.jsonl|position/)
      await log.close()
      expect(await all(await open(), keyOf('a'))).toEqual([...entries, next])
    })

    it('F90: a damaged line in the middle is kept aside once; its siblings, their keys and cursors stay', async () => {
      const entries = await write(5)
      const lines = (await readFile(publicFile('a'), 'utf8')).split('\n')
      const offset = Buffer.byteLength(`${lines[0] as string}\n${lines[1] as string}\n`)
      lines[2] = 'foreign {"'
      await writeFile(publicFile('a'), lines.join('\n'))
      for (let round = 0; round < 2; round++) {
        const log = await open()
        const rest = entries.filter(({ position }) => position !== 2)
        expect(await all(log, keyOf('a'))).toEqual(rest)
        for (const { keys, id } of rest) expect((await log.find(keyOf('a'), keys[0] as string))?.entry.id).toBe(id)
        expect(await log.before(keyOf('a'), 'public', entries[4]?.id as string, 2)).toEqual({
          entries: [entries[3]],
          hasMore: true,
        })
        expect(await log.after(keyOf('a'), 'public', entries[1]?.id as string, 1)).toEqual({
          entries: [entries[3]],
          hasMore: true,
        })
        await expect(
          (async () => log.after(keyOf('a'), 'public', entries[2]?.id as string, 1))(),
        ).rejects.toMatchObject({ code: 'cursor_not_found' })
        expect(await readdir(join(base, 'quarantine'))).toEqual([damagedName('a.jsonl', offset)])
        await log.close()
      }
      expect(alerts).toHaveLength(1)
      expect((await stored((await open()).append(keyOf('a'), 'public', 'x'))).position).toBe(5)
    })

    it('F90: a damaged end that ends like a line does not hide what comes before', async () => {
      const entries = await write(3)
      await appendFile(publicFile('a'), 'foreign\n{}\n')
      const log = await open()
      expect(await all(log, keyOf('a'))).toEqual(entries)
      await log.append(keyOf('a'), 'public', 'next', { keys: ['k3'] })
      await log.close()
      expect((await all(await open(), keyOf('a'))).map(({ position }) => position)).toEqual([0, 1, 2, 3])
    })

    it('F90: a torn journal and left-over files do not keep it from starting', async () => {
      await write(2)
      await appendFile(join(base, 'inbox.jsonl'), 'foreign\n{"conversation":"shop.')
      await writeFile(join(base, 'inbox.jsonl.new'), 'half')
      await writeFile(join(base, 'conversations', 'shop', 'notes of a person.txt'), 'x')
      const log = await open()
      expect((await log.recent()).conversations).toHaveLength(1)
      await log.append(keyOf('b'), 'public', 1)
      await log.close()
      expect((await (await open()).recent()).conversations).toHaveLength(2)
      expect(await readdir(base)).not.toContain('inbox.jsonl.new')
    })
  })

  describe('a long conversation', () => {
    it('F100: shows the first page of 100,000 messages without reading the store', async () => {
      const lines = Array.from({ length: 100_000 }, (_, i) => {
        const id = `${i.toString(36)}-${i.toString().padStart(16, '0')}`
        const body = 'a message of a usual length, '.repeat(6)
        return `{"position":${i},"id":"${id}","createdAt":"2026-01-01T00:00:00.000Z","keys":["client:${i}"],"value":{"body":"${body}"}}\n`
      })
      await mkdir(dirname(publicFile('a')), { recursive: true })
      await writeFile(publicFile('a'), lines.join(''))
      let reads = 0
      const log = await open({ fs: hookedFs((call) => (reads += call === 'read' ? 1 : 0)) })
      const page = await log.before(keyOf('a'), 'public', null, 50)
      expect(page.entries.map(({ position }) => position)).toEqual(Array.from({ length: 50 }, (_, i) => 99_950 + i))
      expect(page.hasMore).toBe(true)
      expect(reads).toBeLessThan(5)
      expect(log.after(keyOf('a'), 'public', page.entries.at(-1)?.id as string, 50)).toEqual({
        entries: [],
        hasMore: false,
      })
      const middle = await log.after(
        keyOf('a'),
        'public',
        'rs-0000000000001000'.replace(/^[^-]+/, (1_000).toString(36)),
        200,
      )
      expect(middle.entries[0]?.position).toBe(1_001)
      reads = 0
      await log.before(keyOf('a'), 'public', middle.entries[0]?.id as string, 50)
      expect(reads).toBe(1)
      expect((await log.find(keyOf('a'), 'client:77777'))?.entry.position).toBe(77_777)
      expect(await log.append(keyOf('a'), 'public', 'x', { keys: ['client:5'] })).toMatchObject({ outcome: 'existing' })
    }, 30_000)
  })

  describe('the lock', () => {
    it('F95: lets no second log into the folder, and says who holds it and what to do', async () => {
      const log = await open()
      const error = await open().catch((e: unknown) => e as Error)
      expect(isLogError(error, 'storage_locked')).toBe(true)
      expect((error as Error).message).toContain(`process ${process.pid} on ${hostname()}`)
      expect((error as Error).message).toMatch(/Stop that process/)
      await log.append(keyOf('a'), 'public', 1)
      await log.close()
      expect((await open()).shared).toBe(false)
    })

    it('F95: refuses while another process lives and starts at once when that was killed', async () => {
      const child = await startWriter(base, 0)
      await until(() => child.lines.length > 0)
      await expect(open()).rejects.toMatchObject({ code: 'storage_locked' })
      child.process.kill('SIGKILL')
      await child.ended
      await open()
    })

    it('takes over from a process whose number was given to another one', async () => {
      const log = await open()
      const holder = JSON.parse(await readFile(join(base, 'lock'), 'utf8')) as Record<string, unknown>
      await log.close()
      await writeFile(join(base, 'lock'), JSON.stringify({ ...holder, pid: process.ppid, birth: '1', token: 'x' }))
      await open()
      expect(await filesIn(base)).toEqual(['lock'])
    })

    it('takes over a torn lock', async () => {
      await mkdir(base, { recursive: true })
      await writeFile(join(base, 'lock'), '{"pid":')
      await open()
    })

    it('judges a holder on another machine by its heartbeat', async () => {
      await mkdir(base, { recursive: true })
      const path = join(base, 'lock')
      const foreign = {
        pid: 1,
        host: 'elsewhere',
        since: '2026-01-01T00:00:00.000Z',
        where: 'elsewhere',
        birth: '',
        token: 'x',
      }
      await writeFile(path, JSON.stringify(foreign))
      // Its clock is a day behind ours, which says nothing about whether it lives.
      const yesterday = () => new Date(Date.now() - 86_400_000)
      await utimes(path, yesterday(), yesterday())
      const beat = setInterval(() => void utimes(path, yesterday(), yesterday()), 100)
      await expect(open()).rejects.toThrow(/process 1 on elsewhere/)
      clearInterval(beat)
      const log = await open()
      expect((await stored(log.append(keyOf('a'), 'public', 1))).position).toBe(0)
    })

    it('stops writing when the folder was taken over', async () => {
      const log = await open()
      await log.append(keyOf('a'), 'public', 1)
      await writeFile(
        join(base, 'lock'),
        JSON.stringify({ pid: 1, host: 'elsewhere', since: 'now', where: '', birth: '', token: 'x' }),
      )
      await until(() =>
        log.recent().then(
          () => false,
          (error: unknown) => isLogError(error, 'storage_locked'),
        ),
      )
      await expect(log.append(keyOf('a'), 'public', 2)).rejects.toMatchObject({ code: 'storage_locked' })
      await log.close()
      expect(await readFile(join(base, 'lock'), 'utf8')).toContain('elsewhere')
    })
  })

  let bundle: string
  beforeAll(async () => {
    const outDir = await mkdtemp(join(tmpdir(), 'lumika-writer-'))
    await build({
      configFile: false,
      logLevel: 'silent',
      build: {
        ssr: join(import.meta.dirname, '../../../server/storage/filesystem.ts'),
        outDir,
        rollupOptions: { output: { entryFileNames: 'log.mjs' } },
      },
    })
    bundle = join(outDir, 'log.mjs')
    await writeFile(join(outDir, 'writer.mjs'), writerScript)
    return () => rm(outDir, { recursive: true })
  })

  /** A process that appends as fast as it can and prints every value once it is acknowledged. */
  async function startWriter(folder: string, round: number) {
    const process_ = spawn(process.execPath, [join(dirname(bundle), 'writer.mjs'), folder, `${round}`])
    const lines: string[] = []
    let rest = ''
    let errors = ''
    process_.stdout.on('data', (data: Buffer) => {
      const parts = (rest + data.toString()).split('\n')
      rest = parts.pop() as string
      lines.push(...parts)
    })
    process_.stderr.on('data', (data: Buffer) => (errors += data.toString()))
    const ended = new Promise<void>((resolve) => process_.once('exit', () => resolve()))
    process_.once('exit', (code) => {
      if (code) throw new Error(errors)
    })
    return { process: process_ as ChildProcess, lines, ended }
  }
})

/** A disk of 128 KB mounted on a folder; where that is not allowed, a file system that behaves like one. */
function smallDisk(folder: string) {
  const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'ignore' })
  try {
    mount('-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', folder)
  } catch {
    let room = 60
    const fs = hookedFs((call) => {
      if (call === 'appendFile' && room-- <= 0) throw systemError('ENOSPC')
    })
    return { fs, makeRoom: () => (room = Infinity), remove: () => {} }
  }
  return {
    fs: hookedFs(() => {}),
    makeRoom: () => mount('-o', 'remount,size=512k', folder),
    remove: () => execFileSync('umount', ['-l', folder]),
  }
}

const writerScript = `
import { openFilesystemLog } from './log.mjs'
const [, , base, round] = process.argv
const log = await openFilesystemLog({ base })
async function write(name) {
  for (let i = 0; ; i++) {
    const value = name + round + ':' + i + 'x'.repeat(i % 7 === 0 ? 9000 : 50)
    const key = 'shop.' + Buffer.from(name).toString('base64url')
    await log.append(key, 'public', value, { keys: [name + round + ':' + i], opens: value })
    process.stdout.write(value + '\\n')
  }
}
await Promise.all(['a', 'b', 'c', 'a'].map((name, i) => write(name + ''.repeat(i))))
`
