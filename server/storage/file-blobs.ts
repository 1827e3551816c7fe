/** Pieces of files on a disk: `<base>/attachments/<name>`, made durable before anybody is told. */
import * as nodeFs from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Blobs } from './blobs.ts'
import { createFiles, guarded, unlessMissing } from './files.ts'
import type { FileSystem } from './files.ts'

/** Options of the pieces on a disk. */
export interface FileBlobsOptions {
  base: string
  /** The folder in `base`; '' is `base` itself. */
  place: string
  /** @default node:fs/promises */
  fs?: FileSystem
}

export async function openFileBlobs({ base, place, fs = nodeFs }: FileBlobsOptions): Promise<Blobs> {
  const folder = join(resolve(base), place)
  const files = createFiles({ base: folder, fs, onAlert: () => {} })
  await files.makeFolder(folder)
  return {
    write: (name, bytes) => files.replace(join(folder, name), bytes),
    read: (name) =>
      guarded(async () => {
        const found = await unlessMissing(fs.readFile(join(folder, name)))
        return found && new Uint8Array(found)
      }),
    remove: (names) =>
      files.remove(
        // What was never renamed goes, too.
        names.flatMap((name) => [join(folder, name), join(folder, `${name}.new`)]),
        true,
      ),
    close: async () => {},
  }
}
