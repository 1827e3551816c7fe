/** `/conversation/attachments`: files that visitors send along, and the way to every file for whoever knows its id. */
import { getRouterParam } from 'h3'
import type { H3, H3Event } from 'h3'
import { FastResponse } from 'srvx'
import { isAttachmentId, visitorPaths } from '../../protocol.ts'
import type { Attachments, OpenedFile } from '../attachments/contract.ts'
import { disposition } from '../attachments/names.ts'
import { corsHeaders } from '../access/cors.ts'
import { conversationKey } from '../conversations/keys.ts'
import { HttpError } from '../errors.ts'
import { addressKey } from '../limits/address.ts'
import type { Limits } from '../limits/limits.ts'
import type { Logger } from '../logger.ts'
import { errorAnswer, json } from './answers.ts'
import type { HeaderList } from './answers.ts'
import { announcedBytes, filesOf } from './files.ts'
import { gated } from './gate.ts'
import type { Caller, GateOptions } from './gate.ts'
import * as read from './params.ts'

/** What these routes need. */
export interface AttachmentRoutesOptions extends GateOptions {
  /** null: this server keeps no files. */
  attachments: Attachments | null
  limits: Limits
}

/** Adds the routes to the app. */
export function attachmentRoutes(app: H3, options: AttachmentRoutesOptions): void {
  const { attachments, limits, logger } = options

  /** All that can be refused is refused before the body is read. */
  const upload = async (caller: Caller): Promise<Response> => {
    const { request, integration, params, headers } = caller
    const files = filesOf(attachments, integration)
    const conversationId = read.requiredConversationId(params)
    const name = read.fileName(params)
    const announced = announcedBytes(request, files.maxBytes)
    await caller.checkIdentity(conversationId)
    const conversation = conversationKey(integration.id, conversationId)
    const release = limits.open(caller, conversation)
    try {
      const count = await limits.upload(caller, conversation)
      await files.checkRoom(conversation)
      const attachment = await files.store(conversation, { name, body: request.body, announced, count })
      return json({ attachment }, 201, headers)
    } finally {
      release()
    }
  }

  const fetch = async (event: H3Event): Promise<Response> => {
    const { req: request } = event
    if (!['GET', 'HEAD'].includes(request.method)) {
      const error = new HttpError(405, 'method_not_allowed', 'Use GET.')
      return errorAnswer(error, logger, [...corsHeaders(null), ['allow', 'GET']])
    }
    try {
      const asker = { integration: anyone, address: addressKey((request as { ip?: string }).ip) }
      await limits.read(asker)
      const id = getRouterParam(event, 'id') ?? ''
      const file = isAttachmentId(id) && attachments ? await attachments.open(id) : null
      if (file) return await answer(file, request.method === 'HEAD', logger)
      await limits.guess(asker)
      throw new HttpError(404, 'not_found', 'There is no such file, or no more.')
    } catch (error) {
      return errorAnswer(error, logger, corsHeaders(null))
    }
  }

  app.all(visitorPaths.attachments, gated(options, { methods: ['POST'], sends: true, hasOwnBody: true }, upload))
  app.all(`${visitorPaths.attachments}/:id`, fetch)
}

/**
 * A file. Security: strangers made it, and it may be something else as well as what it begins like. So it is saved, never
 * opened as a page; where a browser opens it all the same, it may run nothing and belongs to no origin.
 */
async function answer({ attachment, pieces }: OpenedFile, isHead: boolean, logger: Logger): Promise<Response> {
  const headers: HeaderList = [
    ...corsHeaders(null),
    ['content-type', attachment.type],
    ['content-length', String(attachment.size)],
    ['content-disposition', disposition(attachment.name)],
    ['x-content-type-options', 'nosniff'],
    ['content-security-policy', "sandbox; default-src 'none'"],
    // Pages of other origins show pictures of their own visitors.
    ['cross-origin-resource-policy', 'cross-origin'],
    // Whoever has it has it; and it may be erased.
    ['cache-control', 'private, max-age=3600'],
    ['referrer-policy', 'no-referrer'],
  ]
  if (isHead) return new FastResponse(null, { headers })
  // What can't be read is an error while there can still be one.
  const first = await pieces.next()
  let next: Promise<typeof first> | null = Promise.resolve(first)
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await (next ?? pieces.next())
        next = null
        if (done) controller.close()
        else controller.enqueue(value)
      } catch (error) {
        logger.warn('attachments: a file broke off while it was sent', { error })
        controller.error(error)
      }
    },
    cancel: async () => void (await pieces.return(undefined)),
  })
  return new FastResponse(body, { headers })
}

/** Whoever fetches a file names no integration: the id is all that is needed. */
const anyone = { id: 'attachments', kind: 'widget' } as const
