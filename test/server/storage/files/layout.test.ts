import { readFile, readdir, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { keyOf, stored } from '../../../contract/log/bench.ts'
import { base, filesIn, open, publicFile, setUpFolder } from './folder.ts'

setUpFolder()

describe('the log in files: layout', () => {
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
    expect((await filesIn(join(base, 'turns'))).map((file) => dirname(file)).sort()).toEqual(['shop/new', 'shop/open'])
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
    for (const key of ['..', '...', '.', 'con.con', 'CON.CON', '~..', '~con', '~.']) await log.append(key, 'public', 1)
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
