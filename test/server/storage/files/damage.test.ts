import { appendFile, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../../../server/storage/log.ts'
import { keyOf, stored } from '../../../contract/log/bench.ts'
import { hookedFs } from '../../../helpers/faulty-fs.ts'
import { alerts, all, base, open, publicFile, setUpFolder } from './folder.ts'

setUpFolder()

describe('the log in files: damaged files', () => {
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

  it('F90: what is erased is erased from the quarantine, too, and nothing else is', async () => {
    const log = await open()
    for (const name of ['a', 'b']) await stored(log.append(keyOf(name), 'public', name))
    await stored(log.append('~system', 'private', 'one'))
    const names = ['inbox.jsonl.7', damagedName('b.jsonl', 9), 'system~system.private.jsonl.3']
    const ownNames = [damagedName('a.jsonl', 9), damagedName('a.private.jsonl', 2), 'turns~shop~a~t1.jsonl.4']
    await mkdir(join(base, 'quarantine'), { recursive: true })
    for (const name of [...names, ...ownNames]) await writeFile(join(base, 'quarantine', name), 'x')
    const left = async () => (await readdir(join(base, 'quarantine'))).toSorted()

    await log.remove('~system')
    expect(await left()).toEqual([...ownNames, ...names.slice(0, 2)].toSorted())
    await log.remove(keyOf('a'))
    expect(await left()).toEqual([damagedName('b.jsonl', 9)])
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
      await expect((async () => log.after(keyOf('a'), 'public', entries[2]?.id as string, 1))()).rejects.toMatchObject({
        code: 'cursor_not_found',
      })
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

describe('the log in files: a long conversation', () => {
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
