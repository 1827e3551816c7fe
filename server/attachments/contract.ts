/** Files of conversations: what the rest of the server knows of them. */
import type { Attachment } from '../../protocol.ts'

/** A file as it is offered. */
export interface Upload {
  /** As its sender calls it. */
  name: string
  body: ReadableStream<Uint8Array> | null
  /** Bytes that were announced; null: none were. */
  announced: number | null
  /** Told of bytes as they come; what it throws ends the upload. */
  count: (bytes: number) => Promise<void>
}

/** A file, to be sent to whoever knows its id. */
export interface OpenedFile {
  attachment: Attachment
  /** Its bytes. @throws LogError */
  pieces: AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>
}

/** A file as an export lists it. */
export interface ListedFile extends Attachment {
  /** Whether it went with a message. */
  isSent: boolean
}

/** What conversations need of files. All calls throw LogError. */
export interface ConversationFiles {
  /**
   * Sees to it that files stay for a message that is about to be stored under a key. It may be asked for again.
   * @throws HttpError 400 `invalid_attachment` for what is no file of this conversation
   */
  claim(conversation: string, ids: readonly string[], messageKey: string): Promise<Attachment[]>
  /** All files of a conversation. */
  list(conversation: string): Promise<ListedFile[]>
  /** Up to where files were written down; null: there are none. */
  newest(conversation: string): Promise<string | null>
  /** Erases the files of a conversation, those that are being uploaded among them. */
  erase(conversation: string): Promise<void>
  /** Erases those up to where they were written down once; what came later stays. */
  eraseUpTo(conversation: string, newestId: string): Promise<void>
  /** Erases what an integration's conversations have that were never sent anything. */
  eraseScope(integrationId: string): Promise<void>
}

/** The files of a server. */
export interface Attachments extends ConversationFiles {
  /** Most bytes of a file. */
  readonly maxBytes: number
  /** Passes while a conversation may have one more file. @throws HttpError 409 `conflict`; LogError */
  checkRoom(conversation: string): Promise<void>
  /**
   * Stores a file, as a whole or not at all.
   * @throws HttpError 400 `invalid_attachment`, 413 `body_too_large`, 415 `unsupported_media_type`, 409 `conflict`; LogError
   */
  store(conversation: string, upload: Upload): Promise<Attachment>
  /** A file by its id; null where there is none. @throws LogError */
  open(id: string): Promise<OpenedFile | null>
  /** Removes what was never sent. Returns how many files this process removed. @throws LogError */
  sweep(): Promise<number>
  close(): Promise<void>
}
