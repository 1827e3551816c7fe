/** Damaged pieces of files, kept for a person to look at, as long as what they are pieces of. */
import { basename, join, relative } from 'node:path'
import { isSystem } from './entry.ts'
import { pathsOf } from './file-names.ts'
import type { FileSystem } from './files.ts'
import { unlessMissing } from './files.ts'

/** The folder of a base. */
export const quarantineOf = (base: string): string => join(base, 'quarantine')

/** Longest name of a piece, in characters: names end at 255 bytes. */
const longest = 240

/** The name of a piece says where it comes from; long ones lose their beginning, which is the less telling end. */
export const pieceName = (base: string, path: string, offset: number): string =>
  `${flat(base, path)}.${offset}`.slice(-longest)

/**
 * The pieces that may hold something of a conversation: those of its lanes, and of the inbox, which are of no use to anybody
 * since it is an index. Conversations of the system's own never stand in the inbox.
 */
export async function piecesOf(base: string, conversation: string, fs: FileSystem): Promise<string[]> {
  const paths = pathsOf(base, conversation)
  const folder = quarantineOf(base)
  const turns = `${flat(base, paths.turns)}~`
  const isOurs = (name: string): boolean => {
    const offset = Number(/\.(\d+)$/.exec(name)?.[1])
    const isOf = (path: string) => name === pieceName(base, path, offset)
    if (['public', 'private'].some((lane) => isOf(paths.laneFile(lane as 'public' | 'private')))) return true
    return name.startsWith(turns) || (name.length === longest && name.includes(`~${basename(paths.turns)}~`))
  }
  const isInbox = (name: string) => name.startsWith('inbox.jsonl.') && !isSystem(conversation)
  const names = (await unlessMissing(fs.readdir(folder))) ?? []
  return names.filter((name) => isInbox(name) || isOurs(name)).map((name) => join(folder, name))
}

const flat = (base: string, path: string): string => relative(base, path).replaceAll(/[\\/]/g, '~')
