/** Which files messages name. A file is claimed before its message is stored, so that it can't be swept in between. */
import type { Attachment } from '../../protocol.ts'
import { HttpError } from '../errors.ts'
import type { ConversationLog } from '../storage/log.ts'
import { isGone } from './ledger.ts'
import type { FileState, Ledger } from './ledger.ts'
import { attachmentOf } from './pieces.ts'
import type { Pieces } from './pieces.ts'

/** The claims of a log. All calls throw LogError. */
export interface Claims {
  /** @throws HttpError 400 `invalid_attachment` for what is no file of this conversation */
  claim(conversation: string, ids: readonly string[], messageKey: string): Promise<Attachment[]>
  /** Whether a message that is stored names the file. */
  isNamed(conversation: string, state: FileState): Promise<boolean>
}

/** As much of a message as matters here. */
interface Message {
  data?: { attachments?: Attachment[] }
}

/** How long a claim needs not be made anew, in milliseconds: much less than the sweeper waits. */
const freshMs = 3_600_000

/** Makes the claims of a log. */
export function createClaims(
  log: ConversationLog,
  ledger: Ledger,
  pieces: Pick<Pieces, 'head'>,
  now: () => number,
): Claims {
  async function isNamed(conversation: string, { value }: FileState): Promise<boolean> {
    if (value.type !== 'sent') return false
    for (const key of value.messages) {
      const found = await log.find<Message>(conversation, key)
      // The key alone says little: the same one may have been tried with other files, and refused.
      if (found?.entry.value.data?.attachments?.some(({ id }) => id === value.id)) return true
    }
    return false
  }

  /** Until it stands. Whoever changes it meanwhile, the sweeper among them, is met by the next look. */
  async function claimOne(conversation: string, id: string, messageKey: string): Promise<void> {
    for (;;) {
      const state = await ledger.find(conversation, id)
      if (!state || state.value.type === 'gone') throw noSuchFile()
      if (await isNamed(conversation, state)) return
      const { messages: before, at } = state.value.type === 'sent' ? state.value : { messages: [] as string[], at: 0 }
      // A message that comes late, once more, is not to find its file in the sweeper's hands.
      if (before.includes(messageKey) && now() - at < freshMs) return
      const messages = [...before.filter((key) => key !== messageKey), messageKey]
      if (await ledger.change(conversation, { type: 'sent', id, messages, at: now() }, state)) return
    }
  }

  return {
    isNamed,
    async claim(conversation, ids, messageKey) {
      const attachments: Attachment[] = []
      try {
        for (const id of ids) {
          await claimOne(conversation, id, messageKey)
          const head = await pieces.head(id)
          if (head?.conversation !== conversation) throw noSuchFile()
          attachments.push(attachmentOf(id, head))
        }
      } catch (error) {
        throw isGone(error) ? noSuchFile() : error
      }
      return attachments
    },
  }
}

const noSuchFile = (): HttpError =>
  new HttpError(400, 'invalid_attachment', 'There is no such file in this conversation, or no more. Upload it again.')
