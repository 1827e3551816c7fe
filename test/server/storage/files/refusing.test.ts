import { execFileSync } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { isLogError } from '../../../../server/storage/log.ts'
import { keyOf, stored } from '../../../contract/log/bench.ts'
import { hookedFs, systemError } from '../../../helpers/faulty-fs.ts'
import { all, base, filesIn, open, setUpFolder } from './folder.ts'

setUpFolder()

describe('the log in files: a disk that refuses', () => {
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
      const again = await open()
      const after = await all(again, conversation)
      expect(after.slice(0, -1)).toEqual(before)
      expect(after.at(-1)?.value).toBe('room')
      await again.close()
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
