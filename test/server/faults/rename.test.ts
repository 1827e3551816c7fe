/** T3: files that are replaced. A power cut can't be made here; what can be shown is the order that makes one harmless. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFiles } from '../../../server/storage/files.ts'
import { openFilesystemLog } from '../../../server/storage/filesystem.ts'
import type { ConversationLog, RecentPage } from '../../../server/storage/log.ts'
import { hookedFs, systemError } from '../../helpers/faulty-fs.ts'
import { slowly } from './patience.ts'

vi.setConfig(slowly)

let base: string
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'lumika-rename-'))
})
afterEach(() => rm(base, { recursive: true, force: true }))

/** The calls to the file system that change something, as `call path`. */
function recorded() {
  const calls: string[] = []
  const fs = hookedFs((call, path) => {
    const name = relative(base, path) || '.'
    if (!name.startsWith('lock') && !['read', 'stat', 'readFile', 'readdir', 'access'].includes(call)) {
      calls.push(`${call} ${name}`)
    }
  })
  return { calls, fs }
}

it('T3, G2: a file is replaced by write, fsync of the file, rename, fsync of the folder, in this order', async () => {
  const { calls, fs } = recorded()
  const files = createFiles({ base, fs, onAlert: () => {} })
  await files.replace(join(base, 'a'), 'new\n')
  expect(calls).toEqual(['open:w a.new', 'writeFile a.new', 'sync a.new', 'rename a.new', 'open:r .', 'sync .'])
  expect(await readFile(join(base, 'a'), 'utf8')).toBe('new\n')
})

describe('the journal of the inbox, which is replaced when it has grown too long', () => {
  const open = (fs = recorded().fs): Promise<ConversationLog> => openFilesystemLog({ base, fs })
  const inboxOf = async (log: ConversationLog): Promise<[RecentPage, RecentPage]> => [
    await log.recent(),
    await log.recent({ unfinished: true }),
  ]

  /** Three conversations whose journal says more than has to be known; returns what it comes to. */
  async function write(): Promise<[RecentPage, RecentPage]> {
    const log = await open()
    for (const name of ['a', 'b', 'c']) {
      await log.append(`shop.${name}`, 'public', 1, { opens: `${name}1` })
      await log.append(`shop.${name}`, 'public', 2, { opens: `${name}2` })
      await log.append(`shop.${name}`, 'private', 3, { closes: `${name}1` })
    }
    const inbox = await inboxOf(log)
    await log.close()
    return inbox
  }
  const journal = () => readFile(join(base, 'inbox.jsonl'), 'utf8')

  it('T3, G2: is written and synced under another name before it takes the place of the old one', async () => {
    const inbox = await write()
    const before = await journal()
    const { calls, fs } = recorded()
    const log = await open(fs)
    const order = calls.filter((call) => /^(writeFile|sync|rename)/.test(call))
    expect(order).toEqual(['writeFile inbox.jsonl.new', 'sync inbox.jsonl.new', 'rename inbox.jsonl.new', 'sync .'])
    expect((await journal()).split('\n').length).toBeLessThan(before.split('\n').length)
    expect(await inboxOf(log)).toEqual(inbox)
    await log.close()
  })

  it('T3, G10: stopped at any call on the way, it is the old one or the new one, and says the same', async () => {
    let stopped = 0
    for (let last = 0, isWhole = false; !isWhole; last++) {
      await rm(base, { recursive: true })
      const inbox = await write()
      let calls = 0
      let isReplacing = false
      const fs = hookedFs((_call, path) => {
        isReplacing ||= path.endsWith('inbox.jsonl.new') && _call === 'open:w'
        // A process that has died does nothing more, not even after an error.
        if (isReplacing && calls++ >= last) throw systemError('EIO')
      })
      const dying = await open(fs).catch(() => null)
      isWhole = calls < last
      stopped += isWhole ? 0 : 1
      await dying?.close().catch(() => {})
      await rm(join(base, 'lock'), { force: true })
      const log = await open()
      expect(await inboxOf(log)).toEqual(inbox)
      await log.append('shop.d', 'public', 1, { opens: 'd1' })
      expect((await log.recent()).conversations[0]).toMatchObject({ conversation: 'shop.d', unfinished: ['d1'] })
      await log.close()
    }
    expect(stopped).toBeGreaterThan(5)
  })
})
