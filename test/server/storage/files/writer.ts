/** A process that writes to a folder, and can be killed. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'vite'
import { beforeAll } from 'vitest'

let bundle: string

/** Bundles the log for it, before the tests of the file. */
export function setUpWriter(): void {
  beforeAll(async () => {
    const outDir = await mkdtemp(join(tmpdir(), 'lumika-writer-'))
    await build({
      configFile: false,
      logLevel: 'silent',
      build: {
        ssr: join(import.meta.dirname, '../../../../server/storage/filesystem.ts'),
        outDir,
        rollupOptions: { output: { entryFileNames: 'log.mjs' } },
      },
    })
    bundle = join(outDir, 'log.mjs')
    await writeFile(join(outDir, 'writer.mjs'), writerScript)
    return () => rm(outDir, { recursive: true })
  })
}

/** A process that appends as fast as it can and prints every value once it is acknowledged. */
export async function startWriter(folder: string, round: number) {
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
