/** Registries on a log in memory that a test can look into and alter. */
import { createStorage } from 'unstorage'
import { onTestFinished } from 'vitest'
import { createRegistry } from '../../../server/access/registry.ts'
import type { Registry, RegistryOptions } from '../../../server/access/registry.ts'
import type { ConversationLog, LogEntry } from '../../../server/storage/log.ts'
import { openLog } from '../../../server/storage/open.ts'

/** An integration to be made. */
export const shop = { name: 'Shop', kind: 'widget' as const }

/** A log of its own, until the test ends. */
export async function openMemory(): Promise<ConversationLog> {
  const log = await openLog(createStorage())
  onTestFinished(() => log.close())
  return log
}

/** A registry, until the test ends. */
export async function open(log: ConversationLog, options: Partial<RegistryOptions> = {}): Promise<Registry> {
  const registry = await createRegistry({ log, responders: { names: ['echo', 'openai'], default: 'echo' }, ...options })
  onTestFinished(() => registry.close())
  return registry
}

/** Everything the registry has stored. */
export const stored = async (log: ConversationLog): Promise<LogEntry[]> =>
  (await log.after('~registry', 'public', null, 500)).entries
