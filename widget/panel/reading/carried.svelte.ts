/** What shows what messages carry beside their text: a part of its own, loaded with the first that carries something. */
import type { ChatExtras } from '../../../adapters/adapter.ts'
import type { Attachment } from '../../../protocol.ts'
import type { Bubble } from '../../engine/bubbles.ts'
import type { Conversation } from '../conversation.svelte.ts'
import { LazyPart } from '../lazy-part.svelte.ts'
import type { Part } from '../parts.ts'
import type { Settings } from '../settings.ts'
import type Pieces from './pieces/Pieces.svelte'

declare const __LUMIKA_PIECES__: Part

/** For one list of messages. */
export class Carried {
  /** What the backend can do. */
  extras = $state.raw<ChatExtras>({})
  part: LazyPart<typeof Pieces>
  #settings: Settings | undefined
  #conversation: Conversation

  constructor(conversation: Conversation) {
    this.#conversation = conversation
    const load = conversation.loaders.show(
      () => __LUMIKA_PIECES__,
      () => import('./pieces/index.ts'),
    )
    this.part = new LazyPart(async () => (await load()).default)
  }

  /** Whether a message carries something, or may be rated. */
  shows({ author, state, data = {} }: Bubble): unknown {
    const isAnswer = author !== 'visitor' && state === 'done'
    return data.attachments ?? (isAnswer && (data['quickReplies'] ?? data['links'] ?? this.#isRatable(author)))
  }

  /** Begins to load what shows it. */
  expect(bubble: Bubble): void {
    this.#ask()
    if (this.shows(bubble)) this.part.load()
  }

  /** Whether the text is no more than the names of files, which stand at the files. So it is where nothing was written. */
  saysNames({ text, data }: Bubble): boolean {
    const files: unknown = this.extras.attachmentUrl && data?.attachments
    return Array.isArray(files) && text === files.map((file: Partial<Attachment> | null) => file?.name).join(', ')
  }

  #ask(): void {
    const { settings } = this.#conversation
    if (settings === this.#settings) return
    this.#settings = settings
    this.#conversation.extras().then(
      (extras) => settings === this.#settings && (this.extras = extras),
      // What reaches the server could not be loaded: the next message tries again.
      () => (this.#settings = undefined),
    )
  }

  #isRatable = (author: string) => author === 'assistant' && this.#conversation.settings.feedback && this.extras.rate
}
