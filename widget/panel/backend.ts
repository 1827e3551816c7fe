/** The backend of a chat: the page's own adapter, or our server, what reaches it being loaded with the first call. */
import { AdapterError } from '../../adapters/adapter.ts'
import type { ChatAdapter, ChatExtras } from '../../adapters/adapter.ts'
import type { Loaders } from './parts.ts'
import type { Settings } from './settings.ts'

/** An adapter that may be called at once. */
export function createBackend({ http }: Loaders, settings: Settings): ChatAdapter {
  if (settings.adapter) return settings.adapter
  let adapter: ChatAdapter | undefined
  const load = async () => {
    try {
      const { createHttpAdapter } = await http()
      return (adapter ??= createHttpAdapter(settings))
    } catch (cause) {
      // No more than a call that found no network: the next one tries again.
      throw new AdapterError('network', 'The chat could not be loaded. Try again.', { cause })
    }
  }
  return {
    async *send(request) {
      yield* (await load()).send(request)
    },
    async *resume(request) {
      yield* (await load()).resume(request)
    },
    history: async (request) => (await load()).history(request),
    stop: async (request) => (await load()).stop(request),
  }
}

/** What the backend can do beside carrying messages. @throws when that cannot be loaded */
export const loadExtras = async ({ http }: Loaders, settings: Settings): Promise<ChatExtras> =>
  settings.adapter ? (settings.adapter.extras ?? {}) : (await http()).createHttpExtras(settings)
