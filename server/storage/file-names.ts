/** Where a conversation lives on disk: names a person can read and that mean one conversation on every file system. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isSystem, scopeOf } from './entry.ts'
import type { Lane } from './log.ts'

export interface ConversationPaths {
  /** The file of a lane. */
  laneFile(lane: Lane): string
  /** The folder that holds the lanes of turns. */
  turns: string
}

export function pathsOf(base: string, conversation: string): ConversationPaths {
  const { stem, turns } = placeOf(base, conversation)
  return {
    turns,
    laneFile: (lane) => {
      if (lane === 'public') return `${stem}.jsonl`
      if (lane === 'private') return `${stem}.private.jsonl`
      return join(turns, `${encodeName(Buffer.from(lane.slice('turn/'.length)))}.jsonl`)
    },
  }
}

/** The lane a file in the folder of turns belongs to, or null for a file that is not ours. */
export function turnLaneOf(file: string): Lane | null {
  const name = /^((?:[a-z0-9_-]|%[0-9a-f]{2})+)\.jsonl$/.exec(file)?.[1]
  return name === undefined ? null : `turn/${decodeURIComponent(name)}`
}

/**
 * Lower-case letters, digits, `_` and `-` as they are, any other byte as `%` and two hex digits: safe where case does
 * not count, where a dot or a device name (`con`, `nul`) means something, and where names end at 255 bytes.
 */
export function encodeName(bytes: Uint8Array): string {
  if (bytes.length === 0) return '%'
  let name = ''
  for (const byte of bytes) {
    const character = String.fromCharCode(byte)
    name += /[a-z0-9_-]/.test(character) ? character : escapeByte(byte)
  }
  if (isDeviceName(name)) name = escapeByte(bytes[0] as number) + name.slice(1)
  if (name.length <= 180) return name
  // `%%` stands in no other name, so a shortened name is never the full name of another conversation.
  return `${name.slice(0, 100)}%%${createHash('sha256').update(bytes).digest('hex')}`
}

function placeOf(base: string, conversation: string): { stem: string; turns: string } {
  if (isSystem(conversation)) {
    const name = encodeName(Buffer.from(conversation.slice(1)))
    return { stem: join(base, 'system', name), turns: join(base, 'system', `${name}.turns`) }
  }
  const scope = scopeOf(conversation)
  const folder = encodeName(Buffer.from(scope))
  const name = conversation.includes('.')
    ? readableName(conversation.slice(scope.length + 1))
    : `=${encodeName(Buffer.from(conversation))}`
  return { stem: join(base, 'conversations', folder, name), turns: join(base, 'turns', folder, name) }
}

/** The id a name was made of, when it is base64url; the name itself, marked by `=`, when it is not. */
function readableName(name: string): string {
  const bytes = Buffer.from(name, 'base64url')
  return bytes.toString('base64url') === name ? encodeName(bytes) : `=${encodeName(Buffer.from(name))}`
}

const escapeByte = (byte: number): string => `%${byte.toString(16).padStart(2, '0')}`

const isDeviceName = (name: string): boolean => /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/.test(name)
