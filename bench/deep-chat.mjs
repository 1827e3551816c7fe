/** The chat that others are measured beside: deep-chat, one file of its npm package. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export const version = '2.4.2'
const integrity = 'sha512-wQNd6Z6HDoH7OMeoQKpmxDm9XdWrRjMkBJ2yl5tsYND9Dz2UCv/BdGVM8vK2V0mhO1u+OniHYPWDGvjlNxjCeQ=='
const bundle = 'package/dist/deepChat.bundle.js'

/**
 * Fetched once, by whatever registry npm is set to, and none of it is installed: a benchmark alone needs it.
 *
 * @returns {string} its script, a module
 */
export function fetchDeepChat() {
  const folder = resolve(import.meta.dirname, '../node_modules/.cache/lumika-bench')
  const archive = resolve(folder, `deep-chat-${version}.tgz`)
  mkdirSync(folder, { recursive: true })
  if (!existsSync(archive)) execFileSync('npm', ['pack', '--silent', `deep-chat@${version}`], { cwd: folder })
  const hash = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
  if (hash !== integrity) throw new Error(`${archive} is not what was measured before: ${hash}. Delete it.`)
  return execFileSync('tar', ['-xzOf', archive, bundle], { encoding: 'utf8', maxBuffer: 4_000_000 })
}
