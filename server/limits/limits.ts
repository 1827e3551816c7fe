/** Who has asked for too much. Decided before anything is stored; what was stored before is never refused. */
import type { Cluster, Redis } from 'ioredis'
import type { Integration } from '../access/integration.ts'
import { HttpError } from '../errors.ts'
import { sha256 } from '../random.ts'
import { createBuckets } from './bucket.ts'
import type { Buckets, SharedCounters } from './bucket.ts'
import type { LimitSettings } from './settings.ts'
import { createSlots } from './slots.ts'
import type { Slots } from './slots.ts'

/** Who asks. */
export interface Asker {
  integration: Pick<Integration, 'id' | 'kind'>
  /** As `addressKey` gives it; null when it is not known. */
  address: string | null
}

/** The limits of a server. */
export interface Limits {
  /**
   * Counts a message.
   * @param conversation null: the message begins one
   * @param isStored whether it was stored before: asked only of a message that would be refused
   * @returns what takes the count back, for a message that turned out to be a retry
   * @throws HttpError 429 `rate_limited`
   */
  message(asker: Asker, conversation: string | null, isStored: () => Promise<boolean>): Promise<() => void>
  /**
   * Counts a file.
   * @returns what counts its bytes as they come
   * @throws HttpError 429 `rate_limited`
   */
  upload(asker: Asker, conversation: string): Promise<(bytes: number) => Promise<void>>
  /** Counts a read. @throws HttpError 429 `rate_limited` */
  read(asker: Asker): Promise<void>
  /** Counts a read that found nothing. */
  guess(asker: Asker): Promise<void>
  /** Counts a sign of typing. @throws HttpError 429 `rate_limited` */
  typing(conversation: string): Promise<void>
  /**
   * Counts a log-in.
   * @param address as `addressKey` gives it; null when it is not known
   * @param name whom somebody wants to be; null: only the address counts
   * @returns what takes the count back, for one that was right
   * @throws HttpError 429 `rate_limited`
   */
  login(address: string | null, name: string | null): Promise<() => void>
  /** Counts a question by which somebody tries a responder. @throws HttpError 429 `rate_limited` */
  responderTest(integrationId: string): Promise<void>
  /** Takes a place for a stream or a read that waits. Returns what gives it back. @throws HttpError 429 `rate_limited` */
  open(asker: Asker, conversation: string | null): () => void
}

/** How long a client is to wait for a place, in seconds: streams end every few seconds. */
const PLACE_SECONDS = 5

/** Bytes of files that are counted at once. */
const stepBytes = 262_144

/** Makes the limits of a server. @param redis where replicas count messages together */
export function createLimits(settings: LimitSettings, redis: Redis | Cluster | null): Limits {
  const together: SharedCounters | null = redis && { redis, awayUntil: 0 }
  const buckets = (name: string, points: number, shared = together) => createBuckets({ name, points, shared })
  const messages = {
    byAddress: buckets('address', settings.messagesPerAddress),
    byConversation: buckets('conversation', settings.messagesPerConversation),
    byIntegration: buckets('integration', settings.messagesPerIntegration),
  }
  const uploads = {
    byAddress: buckets('upload-address', settings.uploadsPerAddress),
    byConversation: buckets('upload-conversation', settings.uploadsPerConversation),
    byIntegration: buckets('upload-integration', settings.uploadsPerIntegration),
  }
  const uploadKb = {
    byAddress: buckets('upload-kb-address', settings.uploadKbPerAddress),
    byConversation: buckets('upload-kb-conversation', settings.uploadKbPerConversation),
    byIntegration: buckets('upload-kb-integration', settings.uploadKbPerIntegration),
  }
  // Polls are too many to ask Redis about each.
  const reads = buckets('read', settings.readsPerAddress, null)
  const guesses = buckets('guess', settings.guessesPerAddress, null)
  const typing = buckets('typing', settings.typingPerConversation, null)
  const logins = {
    byAddress: buckets('login-address', settings.loginsPerAddress),
    byName: buckets('login-name', settings.loginsPerName),
  }
  const responderTests = buckets('responder-test', settings.responderTests)
  const guessers = new Map<string, number>()
  const open = {
    byAddress: createSlots(settings.openPerAddress),
    byConversation: createSlots(settings.openPerConversation),
    byIntegration: createSlots(settings.openPerIntegration),
  }

  return {
    async message(asker, conversation, isStored) {
      const key = addressOf(asker)
      const wanted: [Buckets, string][] = [
        ...(key ? [[messages.byAddress, key] as [Buckets, string]] : []),
        ...(conversation ? [[messages.byConversation, conversation] as [Buckets, string]] : []),
        [messages.byIntegration, asker.integration.id],
      ]
      const taken: [Buckets, string][] = []
      const giveBack = () => taken.forEach(([each, name]) => void each.giveBack(name))
      // One after the other: what one refuses must not count against all the others of the integration.
      for (const [each, name] of wanted) {
        const seconds = await each.take(name)
        if (seconds > 0) {
          if (await isStored()) break
          throw tooMuch('Too many messages in a short time.', seconds)
        }
        taken.push([each, name])
      }
      return giveBack
    },

    async upload(asker, conversation) {
      const key = addressOf(asker)
      const wantedOf = (kind: typeof uploads): [Buckets, string][] => [
        ...(key ? [[kind.byAddress, key] as [Buckets, string]] : []),
        [kind.byConversation, conversation],
        [kind.byIntegration, asker.integration.id],
      ]
      const take = async (kind: typeof uploads, points: number) => {
        for (const [each, name] of wantedOf(kind)) {
          const seconds = await each.take(name, points)
          if (seconds > 0) throw tooMuch('Too many files in a short time.', seconds)
        }
      }
      await take(uploads, 1)
      // Who has used up the bytes is refused before any more come; and then in steps, since Redis is asked each time.
      await take(uploadKb, 1)
      let uncounted = 0
      return async (bytes) => {
        uncounted += bytes
        const whole = Math.floor(uncounted / stepBytes)
        uncounted -= whole * stepBytes
        if (whole > 0) await take(uploadKb, (whole * stepBytes) / 1024)
      }
    },

    async read(asker) {
      const key = addressOf(asker)
      if (!key) return
      const until = guessers.get(key)
      if (until !== undefined) {
        const seconds = Math.ceil((until - performance.now()) / 1000)
        if (seconds > 0) throw tooMuch('Too many requests in a short time.', seconds)
        guessers.delete(key)
      }
      const seconds = await reads.take(key)
      if (seconds > 0) throw tooMuch('Too many requests in a short time.', seconds)
    },

    async guess(asker) {
      const key = addressOf(asker)
      const seconds = key ? await guesses.take(key) : 0
      // From the next read on: the answer to this one must not differ from the answers before it.
      if (key && seconds > 0) guessers.set(key, performance.now() + seconds * 1000)
    },

    async typing(conversation) {
      const seconds = await typing.take(conversation)
      if (seconds > 0) throw tooMuch('Too many signs of typing in a short time.', seconds)
    },

    async login(address, name) {
      const wanted: [Buckets, string][] = [
        ...(address === null ? [] : [[logins.byAddress, address] as [Buckets, string]]),
        // Somebody may have typed their password there.
        ...(name === null ? [] : [[logins.byName, await sha256(name)] as [Buckets, string]]),
      ]
      for (const [each, key] of wanted) {
        const seconds = await each.take(key)
        if (seconds > 0) throw tooMuch('Too many log-ins failed in a short time.', seconds)
      }
      return () => wanted.forEach(([each, key]) => void each.giveBack(key))
    },

    async responderTest(integrationId) {
      const seconds = await responderTests.take(integrationId)
      if (seconds > 0) throw tooMuch('Too many questions to try the responder in a short time.', seconds)
    },

    open(asker, conversation) {
      const key = addressOf(asker)
      const wanted: [Slots, string][] = [
        ...(key ? [[open.byAddress, key] as [Slots, string]] : []),
        ...(conversation ? [[open.byConversation, conversation] as [Slots, string]] : []),
        [open.byIntegration, asker.integration.id],
      ]
      const taken: (() => void)[] = []
      for (const [slots, name] of wanted) {
        const giveBack = slots.take(name)
        if (!giveBack) {
          taken.forEach((each) => each())
          throw tooMuch('Too many connections are open at once.', PLACE_SECONDS)
        }
        taken.push(giveBack)
      }
      return () => taken.forEach((each) => each())
    },
  }
}

/** An `api` token is a server's, which speaks for all of its customers from one address. */
const addressOf = ({ integration, address }: Asker): string | null =>
  integration.kind === 'widget' && address !== null ? `${integration.id}@${address}` : null

const tooMuch = (what: string, seconds: number): HttpError =>
  new HttpError(429, 'rate_limited', `${what} Try again in ${seconds} s.`, { retryAfter: seconds })
