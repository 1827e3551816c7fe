import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isLogError } from '../../../../server/storage/log.ts'
import { keyOf, stored, until } from '../../../contract/log/bench.ts'
import { base, filesIn, open, setUpFolder } from './folder.ts'
import { setUpWriter, startWriter } from './writer.ts'

setUpFolder()
setUpWriter()

describe('the log in files: the lock', () => {
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
