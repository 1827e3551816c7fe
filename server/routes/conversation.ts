/** `/conversation`: send, resume, stop, history, and asking for a person. */
import type { H3 } from 'h3'
import { paths, visitorPaths } from '../../protocol.ts'
import { invalidToken } from '../access/tokens.ts'
import { conversationKey, mintedConversationId } from '../conversations/keys.ts'
import type { Conversations, Sent } from '../conversations/service.ts'
import type { StreamItem } from '../conversations/stream.ts'
import { HttpError } from '../errors.ts'
import type { Limits } from '../limits/limits.ts'
import type { Usage } from '../limits/usage.ts'
import { empty, json } from './answers.ts'
import { browserOf } from './browser.ts'
import { checkFiles } from './files.ts'
import { gated } from './gate.ts'
import type { Caller, GateOptions } from './gate.ts'
import * as read from './params.ts'
import { streamAnswer } from './sse.ts'

/** What these routes need. */
export interface ConversationRoutesOptions extends GateOptions {
  conversations: Conversations
  limits: Limits
  usage: Pick<Usage, 'count'>
}

/** Adds the routes to the app. */
export function conversationRoutes(app: H3, options: ConversationRoutesOptions): void {
  const { conversations, limits, logger, usage } = options

  const send = async (caller: Caller): Promise<Response> => {
    const { request, params } = caller
    const conversationId = read.conversationId(params)
    const seen = read.lastEventId(request, params)
    // A client that names an event is reconnecting, whatever else its request says: nothing is stored.
    if (seen) return resume(caller, conversationId, seen)
    const { integration } = caller
    const text = read.textContent(params)
    const clientMessageId = read.clientMessageId(params)
    const context = read.context(params)
    const attachments = read.attachments(params, conversationId)
    await caller.checkIdentity(conversationId ?? anyCapability)
    if (attachments.length > 0) checkFiles(integration)
    const isVerified = await caller.isVerified(conversationId ?? anyCapability)
    // What calls with a server's token is that server, whatever its customer looks with.
    const browser = integration.kind === 'api' ? null : browserOf(request.headers.get('user-agent'))
    const conversation = conversationId === undefined ? null : conversationKey(integration.id, conversationId)
    const uncount = await limits.message(
      caller,
      conversation,
      async () =>
        conversationId !== undefined &&
        clientMessageId !== undefined &&
        conversations.hasMessage(integration.id, conversationId, clientMessageId),
    )
    return streaming(caller, conversation, async () => {
      const sent = await conversations.send({
        integration,
        text,
        ...(conversationId !== undefined && { conversationId }),
        ...(clientMessageId !== undefined && { clientMessageId }),
        ...(context && { context }),
        ...(attachments.length > 0 && { attachments }),
        sender: { isVerified, browser },
      })
      if (sent.replayed) uncount()
      else usage.count(integration.id, 'messages')
      // A timer runs after the promises that put `ack` on the wire: it is out before the responder is called.
      setTimeout(sent.begin, 0)
      return sent
    })
  }

  const resume = async (
    caller: Caller,
    conversationId: string | undefined,
    { turnId, n }: { turnId: string; n: number },
  ): Promise<Response> => {
    const id = conversationId ?? mintedConversationId(turnId)
    await limits.read(caller)
    if (id === null) throw await guessed(caller, noAnswer())
    await caller.checkIdentity(id)
    return streaming(caller, conversationKey(caller.integration.id, id), () =>
      conversations.resume(caller.integration.id, id, turnId, n),
    )
  }

  /** Streams what `open` gives, in a place of its own for as long as that takes; 204 for null. */
  const streaming = async (
    caller: Caller,
    conversation: string | null,
    open: () => Promise<Sent | null>,
  ): Promise<Response> => {
    const release = limits.open(caller, conversation)
    try {
      const sent = await open()
      if (sent) {
        const { headers, isAllowed } = caller
        const frames = (signal: AbortSignal) => framed(sent.turnId, sent.events({ signal, isAllowed }))
        return streamAnswer(frames, { headers, logger, onEnd: release })
      }
      release()
      return empty(204, caller.headers)
    } catch (error) {
      release()
      throw await guessed(caller, error)
    }
  }

  /** Counts a miss. Passes the error on. */
  const guessed = async (caller: Caller, error: unknown): Promise<unknown> => {
    if (error instanceof HttpError && error.status === 404) await limits.guess(caller)
    return error
  }

  const history = async (caller: Caller): Promise<Response> => {
    const { request, integration, params, headers } = caller
    const conversationId = read.requiredConversationId(params)
    const afterId = read.cursor(params, 'afterId')
    const beforeId = read.cursor(params, 'beforeId')
    if (afterId !== undefined && beforeId !== undefined) {
      throw new HttpError(400, 'invalid_cursor', 'Give afterId or beforeId, not both.')
    }
    const wait = read.wait(params)
    const known = read.known(params)
    const limit = read.limit(params)
    await caller.checkIdentity(conversationId)
    await limits.read(caller)
    const release = wait > 0 ? limits.open(caller, conversationKey(integration.id, conversationId)) : () => {}
    try {
      const page = await conversations.history(integration.id, conversationId, {
        ...(afterId !== undefined && { afterId }),
        ...(beforeId !== undefined && { beforeId }),
        limit,
        wait,
        ...(known && { known }),
        // Reading the signal makes every request dearer, so only requests that wait have one.
        signal: wait > 0 ? request.signal : never,
      })
      // The token may have been revoked meanwhile.
      if (wait > 0 && !(await caller.isAllowed())) throw invalidToken()
      if (page.lastMessageId === null) await limits.guess(caller)
      return json(page, 200, headers)
    } finally {
      release()
    }
  }

  const stop = async (caller: Caller): Promise<Response> => {
    const { integration, params, headers } = caller
    const conversationId = read.requiredConversationId(params)
    const turnId = read.turnId(params)
    await caller.checkIdentity(conversationId)
    await limits.read(caller)
    try {
      await conversations.stop(integration.id, conversationId, turnId)
    } catch (error) {
      throw await guessed(caller, error)
    }
    return empty(204, headers)
  }

  const person = async (caller: Caller): Promise<Response> => {
    const { integration, params, headers } = caller
    const conversationId = read.requiredConversationId(params)
    await caller.checkIdentity(conversationId)
    await limits.read(caller)
    try {
      await conversations.askForPerson(integration.id, conversationId)
    } catch (error) {
      throw await guessed(caller, error)
    }
    return empty(204, headers)
  }

  app.all(paths.sse, gated(options, { methods: ['GET', 'POST'], sends: true }, send))
  app.all(paths.history, gated(options, { methods: ['GET'], sends: false }, history))
  app.all(paths.stop, gated(options, { methods: ['POST'], sends: true }, stop))
  app.all(visitorPaths.person, gated(options, { methods: ['POST'], sends: true }, person))
}

/** Stands for the id the server is about to mint. */
const anyCapability = `c_${'0'.repeat(22)}`

const noAnswer = () => new HttpError(404, 'not_found', 'There is no such answer in this conversation.')

const never = new AbortController().signal

/** A turn's events under the ids that clients resume from. */
async function* framed(turnId: string, items: AsyncGenerator<StreamItem, void, undefined>) {
  for await (const item of items) yield item && { id: `${turnId}.${item.n}`, event: item.event }
}
