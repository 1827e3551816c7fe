/** Clears away what a process that was killed had no time to drop. */
import { join } from 'node:path'
import { pathsOf } from './file-names.ts'
import type { FileSystem } from './files.ts'
import { unlessMissing } from './files.ts'

/**
 * Removes the turn lanes of every conversation in which nothing is unfinished: their answers are published, and the
 * timer that was to drop the pieces went with its process.
 */
export async function sweepTurns(base: string, unfinished: readonly string[], fs: FileSystem): Promise<void> {
  const kept = new Set(unfinished.map((conversation) => pathsOf(base, conversation).turns))
  const root = join(base, 'turns')
  for (const scope of (await unlessMissing(fs.readdir(root))) ?? []) {
    for (const name of (await unlessMissing(fs.readdir(join(root, scope)))) ?? []) {
      const folder = join(root, scope, name)
      if (!kept.has(folder)) await fs.rm(folder, { force: true, recursive: true })
    }
  }
}
