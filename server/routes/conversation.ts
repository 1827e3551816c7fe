/** `/conversation`: send, resume, stop, history. */
import type { H3 } from 'h3'
import { paths } from '../../protocol.ts'
import { mintedConversationId } from '../conversations/keys.ts'
import type { Conversations } from '../conversations/service.ts'
import { HttpError } from '../errors.ts'
import { empty, json } from './answers.ts'
import { gated } from './gate.ts'
import type { Caller, GateOptions } from './gate.ts'
import * as read from './params.ts'
import { streamAnswer } from './sse.ts'

/** What these routes need. */
export interface ConversationRoutesOptions extends GateOptions {
  conversations: Conversations
}

/** Adds the routes to the app. */
export function conversationRoutes(app: H3, options: ConversationRoutesOptions): void {
  const { conversations, logger } = options

  const send = async (caller: Caller): Promise<Response> => {
    const { request, integration, params, headers, isAllowed } = caller
    const conversationId = read.conversationId(params)
    const seen = read.lastEventId(request, params)
    // A client that names an event is reconnecting, whatever else its request says: nothing is stored.
    if (seen) {
      const id = conversationId ?? mintedConversationId(seen.turnId)
      if (id === null) throw new HttpError(404, 'not_found', 'There is no such answer in this conversation.')
      await caller.checkIdentity(id)
      const sent = await conversations.resume(integration.id, id, seen.turnId, seen.n)
      return sent ? streamAnswer(sent, isAllowed, logger, headers) : empty(204, headers)
    }
    const text = read.textContent(params)
    const clientMessageId = read.clientMessageId(params)
    const context = read.context(params)
    await caller.checkIdentity(conversationId ?? anyCapability)
    const sent = await conversations.send({
      integration,
      text,
      ...(conversationId !== undefined && { conversationId }),
      ...(clientMessageId !== undefined && { clientMessageId }),
      ...(context && { context }),
    })
    // A timer runs after the promises that put `ack` on the wire: it is out before the responder is called.
    setTimeout(sent.begin, 0)
    return streamAnswer(sent, isAllowed, logger, headers)
  }

  const history = async ({ request, integration, params, headers, checkIdentity }: Caller): Promise<Response> => {
    const conversationId = read.requiredConversationId(params)
    const afterId = read.cursor(params, 'afterId')
    const beforeId = read.cursor(params, 'beforeId')
    if (afterId !== undefined && beforeId !== undefined) {
      throw new HttpError(400, 'invalid_cursor', 'Give afterId or beforeId, not both.')
    }
    const wait = read.wait(params)
    const limit = read.limit(params)
    await checkIdentity(conversationId)
    const page = await conversations.history(integration.id, conversationId, {
      ...(afterId !== undefined && { afterId }),
      ...(beforeId !== undefined && { beforeId }),
      limit,
      wait,
      // Reading the signal makes every request dearer, so only requests that wait have one.
      signal: wait > 0 ? request.signal : never,
    })
    return json(page, 200, headers)
  }

  const stop = async ({ integration, params, headers, checkIdentity }: Caller): Promise<Response> => {
    const conversationId = read.requiredConversationId(params)
    const turnId = read.turnId(params)
    await checkIdentity(conversationId)
    await conversations.stop(integration.id, conversationId, turnId)
    return empty(204, headers)
  }

  app.all(paths.sse, gated(options, { methods: ['GET', 'POST'], sends: true }, send))
  app.all(paths.history, gated(options, { methods: ['GET'], sends: false }, history))
  app.all(paths.stop, gated(options, { methods: ['POST'], sends: true }, stop))
}

/** Stands for the id the server is about to mint. */
const anyCapability = `c_${'0'.repeat(22)}`

const never = new AbortController().signal
