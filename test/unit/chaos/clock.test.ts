import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'

/** Prints every 20 ms: both ways to ask for the time, a date that was given, and a clock that is never set. */
const script = `
setInterval(() => {
  const times = [Date.now(), new Date().getTime(), new Date(7).getTime(), performance.now()]
  process.stdout.write(JSON.stringify(times) + '\\n')
}, 20)`

it('F96: the clock of a process is off as a file says, from the first moment on, and steps when the file changes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lumika-clock-'))
  const file = join(folder, 'offset')
  await writeFile(file, '-3600000')
  const preload = pathToFileURL(join(import.meta.dirname, '../../chaos/clock.mjs')).href
  const child = spawn(process.execPath, ['--import', preload, '-e', script], {
    env: { ...process.env, LUMIKA_CHAOS_CLOCK: file },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const seen: number[][] = []
    child.stdout.on('data', (data: Buffer) => {
      for (const line of data.toString().trim().split('\n')) seen.push(JSON.parse(line) as number[])
    })
    const offsets = (at: number) => seen.at(at)?.map((time) => Math.round((time - Date.now()) / 60_000))
    await expect.poll(() => seen.length).toBeGreaterThan(0)
    expect(offsets(0)?.slice(0, 2)).toEqual([-60, -60])
    await writeFile(file, '86400000')
    await expect.poll(() => offsets(-1)?.slice(0, 2)).toEqual([1_440, 1_440])
    expect(new Set(seen.map(([, , given]) => given))).toEqual(new Set([7]))
    const running = seen.map((times) => times[3] as number)
    expect(running).toEqual(running.toSorted((a, b) => a - b))
    expect(running.at(-1)).toBeLessThan(60_000)
  } finally {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
})
