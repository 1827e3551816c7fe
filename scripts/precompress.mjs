import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'

/**
 * Writes `<name>.br` and `<name>.gz` beside each matching file of a folder, once and with the highest effort.
 *
 * @param {string} folder
 * @param {RegExp} pattern names to compress
 */
export async function precompress(folder, pattern) {
  for (const name of await readdir(folder)) {
    if (!pattern.test(name)) continue
    const content = await readFile(join(folder, name))
    await writeFile(join(folder, `${name}.br`), brotliCompressSync(content))
    await writeFile(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }))
  }
}
