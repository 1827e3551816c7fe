/** Clears away what a process that was killed had no time to drop. */
import { join } from 'node:path'
import { pathsOf } from './file-names.ts'
import type { FileSystem } from './files.ts'
import { unlessMissing } from './files.ts'

/** A lane nobody has written to for so long is of no use to a stream that is resumed. */
const HOUR_MS = 3_600_000

/**
 * Removes old turn lanes of every conversation in which nothing is unfinished: their answers are published, and the
 * timer that was to drop the pieces went with its process.
 */
export async function sweepTurns(
  base: string,
  unfinished: readonly string[],
  fs: FileSystem,
  now: number,
): Promise<void> {
  const kept = new Set(unfinished.map((conversation) => pathsOf(base, conversation).turns))
  const root = join(base, 'turns')
  for (const scope of (await unlessMissing(fs.readdir(root))) ?? []) {
    for (const name of (await unlessMissing(fs.readdir(join(root, scope)))) ?? []) {
      const folder = join(root, scope, name)
      if (kept.has(folder)) continue
      for (const file of (await unlessMissing(fs.readdir(folder))) ?? []) {
        const { mtimeMs } = await fs.stat(join(folder, file))
        if (now - mtimeMs > HOUR_MS) await fs.rm(join(folder, file), { force: true })
      }
      await fs.rmdir(folder).catch(() => {})
    }
  }
}
