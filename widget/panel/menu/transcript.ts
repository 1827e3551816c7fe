/** A conversation as a text file, made in the browser. */
import type { ChatAdapter, Whose } from '../../../adapters/adapter.ts'
import type { ConversationRecord } from '../../../protocol.ts'
import { withoutDirections } from '../clip.ts'

/** What stands around the messages. */
export interface TranscriptWords {
  title: string
  locale: string
  you: string
  assistant: string
}

const PAGE = 200

/** Reads all of a conversation, from its newest page back to its first. @throws AdapterError */
export async function readAll({ history }: Pick<ChatAdapter, 'history'>, whose: Whose): Promise<ConversationRecord[]> {
  const { conversationId, proof } = whose
  let records: ConversationRecord[] = []
  for (let hasMore = true; hasMore;) {
    const beforeId = records[0]?.id
    const page = await history({
      ...{ conversationId, limit: PAGE },
      ...(beforeId !== undefined && { beforeId }),
      ...(proof && { proof }),
    })
    records = [...page.messages, ...records]
    hasMore = page.hasMore && records[0]?.id !== beforeId
  }
  return records.filter(({ type }) => type === 'message')
}

/** Writes it: who, when, and what. */
export function transcriptOf(records: readonly ConversationRecord[], words: TranscriptWords): string {
  const times = new Intl.DateTimeFormat(words.locale, { dateStyle: 'medium', timeStyle: 'short' })
  const parts = records.map(({ actor, body, createdAt, data = {} }) => {
    const name = actor === 'customer' ? words.you : (data.author?.name ?? words.assistant)
    const files = (data.attachments ?? []).map(({ name }) => `[${withoutDirections(name)}]`)
    // Whoever reads it has to see where a message begins: nothing in one looks like the line above it.
    const lines = [body, ...files].join('\n').split('\n')
    return [
      `${withoutDirections(name)} · ${times.format(new Date(createdAt))}`,
      ...lines.map((line) => (line ? `  ${line}` : '')),
    ]
  })
  return [[words.title], ...parts].map((lines) => `${lines.join('\n')}\n`).join('\n')
}

/** Hands a text over as a file. @param place in our shadow root, so that the page sees nothing of it */
export function download(place: Element, name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  link.download = name
  // A page's router would take it for a link of its own.
  link.onclick = (event) => event.stopPropagation()
  place.append(link)
  link.click()
  link.remove()
  // By then the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
