/** What a visitor may do besides writing: say what they think and that they are typing, and erase the conversation. */
import type { H3 } from 'h3'
import { visitorPaths } from '../../protocol.ts'
import { conversationKey } from '../conversations/keys.ts'
import type { Conversations } from '../conversations/service.ts'
import type { VisitorTyping } from '../conversations/visitor-typing.ts'
import { HttpError } from '../errors.ts'
import type { Limits } from '../limits/limits.ts'
import type { Usage } from '../limits/usage.ts'
import { empty } from './answers.ts'
import { feedbackIn } from './feedback-params.ts'
import { gated } from './gate.ts'
import type { Caller, GateOptions } from './gate.ts'
import { isTyping, requiredConversationId } from './params.ts'

/** What these routes need. */
export interface VisitorRoutesOptions extends GateOptions {
  conversations: Conversations
  typing: Pick<VisitorTyping, 'sign'>
  limits: Limits
  usage: Pick<Usage, 'count'>
}

/** Adds the routes to the app. */
export function visitorRoutes(app: H3, options: VisitorRoutesOptions): void {
  const { conversations, limits, usage } = options

  /** The conversation that is meant, for a caller who may use it. */
  const admitted = async (caller: Caller): Promise<string> => {
    const conversationId = requiredConversationId(caller.params)
    await caller.checkIdentity(conversationId)
    await limits.read(caller)
    return conversationKey(caller.integration.id, conversationId)
  }

  /** What is stored counts as a message does, unless it was stored before. */
  const storing = async (caller: Caller, conversation: string, work: () => Promise<boolean>): Promise<boolean> => {
    const uncount = await limits.message(caller, conversation, async () => false)
    try {
      const isNews = await work()
      if (!isNews) uncount()
      return isNews
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) await limits.guess(caller)
      throw error
    }
  }

  const feedback = async (caller: Caller): Promise<Response> => {
    const { integration, params, headers } = caller
    const conversation = await admitted(caller)
    const said = feedbackIn(params)
    if ('messageId' in said) {
      const { messageId, rating } = said
      const isNews = await storing(caller, conversation, () =>
        conversations.feedback.rate(conversation, messageId, rating),
      )
      if (isNews && rating) usage.count(integration.id, rating === 'up' ? 'thumbsUp' : 'thumbsDown')
    } else if (await storing(caller, conversation, () => conversations.feedback.score(conversation, said))) {
      usage.count(integration.id, 'scores')
      usage.count(integration.id, 'scoreSum', said.score)
    }
    return empty(204, headers)
  }

  const typing = async (caller: Caller): Promise<Response> => {
    const conversation = await admitted(caller)
    const isOn = isTyping(caller.params)
    await limits.typing(conversation)
    // Where there is no such conversation yet nothing happens, which is no mistake of a visitor who begins one.
    if (!(await options.typing.sign(conversation, isOn))) await limits.guess(caller)
    return empty(204, caller.headers)
  }

  const erase = async (caller: Caller): Promise<Response> => {
    const conversation = await admitted(caller)
    if (caller.integration.visitorErase === false) {
      throw new HttpError(403, 'request_not_allowed', 'Here only the team erases conversations. Ask for it.')
    }
    await conversations.erase(conversation, visitor)
    return empty(204, caller.headers)
  }

  app.all(visitorPaths.erase, gated(options, { methods: ['POST'], sends: true }, erase))
  app.all(visitorPaths.typing, gated(options, { methods: ['POST'], sends: true }, typing))
  app.all(visitorPaths.feedback, gated(options, { methods: ['POST'], sends: true }, feedback))
}

/** Who erases, as the audit trail calls them: it names no customer. */
const visitor = { id: 'visitor', name: 'The visitor' }
