import { readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { keyOf, until } from '../../../contract/log/bench.ts'
import { hookedFs, systemError } from '../../../helpers/faulty-fs.ts'
import { all, base, open, setUpFolder } from './folder.ts'
import { setUpWriter, startWriter } from './writer.ts'

setUpFolder()
setUpWriter()

describe('the log in files: durability', () => {
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
