/** The folder that a test of the log in files works in. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { openFilesystemLog } from '../../../../server/storage/filesystem.ts'
import type { FilesystemLogOptions } from '../../../../server/storage/filesystem.ts'
import type { ConversationLog } from '../../../../server/storage/log.ts'

/** The folder of the log. */
export let base: string
/** What the operator was told. */
export let alerts: string[]

let logs: ConversationLog[]

/** Makes a new one for each test of the file. */
export function setUpFolder(): void {
  beforeEach(async () => {
    base = join(await mkdtemp(join(tmpdir(), 'lumika-files-')), 'data')
    logs = []
    alerts = []
  })
  afterEach(async () => {
    for (const log of logs) await log.close().catch(() => {})
    await rm(dirname(base), { recursive: true, force: true })
  })
}

/** Opens the log. It is closed with the test. */
export async function open(options: Partial<FilesystemLogOptions> = {}): Promise<ConversationLog> {
  const log = await openFilesystemLog({ base, onAlert: (message) => alerts.push(message), ...options })
  logs.push(log)
  return log
}

/** Where the messages of a conversation are. */
export const publicFile = (id: string): string => join(base, 'conversations', 'shop', `${id}.jsonl`)

/** The messages of a conversation. */
export const all = async (log: ConversationLog, conversation: string) =>
  (await log.after(conversation, 'public', null, 1e6)).entries

/** The files of a folder and of those in it. */
export async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found.filter((one) => one.isFile()).map((one) => relative(folder, join(one.parentPath, one.name)))
}
