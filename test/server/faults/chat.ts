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
  /** Whether a look at the history is lost on its way. @default never */
  isLookLost?: () => boolean
}

/** Opens one. */
export async function openChat(options: ChatOptions): Promise<Chat> {
  const { serverUrl, integrationToken, conversationId, silenceMs = 3_000, pollMs = 3_600_000, isLookLost } = options
  let view: View | undefined
  const send = async (url: string, init: RequestInit) => {
    if (isLookLost?.() && url.includes('/conversation/history')) throw new TypeError('The look was lost.')
    return fetch(url, init)
  }
  const engine = createEngine({
    adapter: createHttpAdapter({ serverUrl, integrationToken, silenceMs, fetch: send }),
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
