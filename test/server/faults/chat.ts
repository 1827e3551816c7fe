/** A visitor without a page: the widget's own engine and adapter, over real sockets. */
import { createHttpAdapter } from '../../../adapters/http.ts'
import { createEngine } from '../../../widget/engine/engine.ts'
import type { Engine, View } from '../../../widget/engine/engine.ts'
import { createSession } from '../../../widget/session.ts'
import { createEmptyStore } from '../../helpers/store.ts'

/** A chat. */
export interface Chat {
  engine: Engine
  view(): View
  /** What is shown, in short: `visitor: Hello`, and the state where a message is not done: `visitor (failed): Hello`. */
  said(): string[]
}

/** What a chat needs. */
export interface ChatOptions {
  serverUrl: string
  integrationToken: string
  conversationId: string
  /** Longest silence on a stream, in milliseconds. @default 3_000 */
  silenceMs?: number
  /** Time between two looks for news, in milliseconds. @default none in a test's time */
  pollMs?: number
}

/** Opens one. */
export async function openChat(options: ChatOptions): Promise<Chat> {
  const { serverUrl, integrationToken, conversationId, silenceMs = 3_000, pollMs = 3_600_000 } = options
  let view: View | undefined
  const engine = createEngine({
    adapter: createHttpAdapter({ serverUrl, integrationToken, silenceMs }),
    session: createSession('chat', createEmptyStore()),
    ...{ conversationId, pollMs },
    onChange: (next) => (view = next),
    onMessage: () => {},
  })
  await engine.start()
  engine.setOpen(true)
  return {
    engine,
    view: () => view as View,
    said: () =>
      view?.bubbles.map(({ author, state, text }) => `${author}${state === 'done' ? '' : ` (${state})`}: ${text}`) ??
      [],
  }
}
