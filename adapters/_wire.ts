/** Checks what a backend says before a widget believes it. What is unknown is skipped; what is broken is an error. */
import { parseEventId } from '../protocol.ts'
import type { ConversationRecord, FailureCode, HistoryPage, RecordData, StreamEvent } from '../protocol.ts'
import { AdapterError } from './adapter.ts'
import type { AdapterEvent } from './adapter.ts'

type Fields = Record<string, unknown>

/**
 * An event of the stream; null for one that this version does not know.
 * @throws AdapterError `protocol`
 */
export function readEvent(id: string, data: string): AdapterEvent | null {
  const event = eventOf(objectFrom(data))
  if (event && !parseEventId(id)) throw broken('an event id')
  return event && { id, event }
}

/** @throws AdapterError `protocol` */
export function readHistory(json: string): HistoryPage {
  const page = objectFrom(json)
  const { lastMessageId, activeTurn } = page
  if (!Array.isArray(page['messages']) || (lastMessageId !== null && typeof lastMessageId !== 'string'))
    throw broken('a history page')
  const { typing, resolved } = page
  const active = isObject(activeTurn) ? activeTurn : undefined
  return {
    conversationId: text(page, 'conversationId'),
    messages: page['messages'].map(recordOf).filter((record) => record !== null),
    lastMessageId,
    hasMore: page['hasMore'] === true,
    ...(active && {
      activeTurn: { turnId: text(active, 'turnId'), userMessageId: text(active, 'userMessageId') },
    }),
    ...(isObject(typing) && { typing: { name: text(typing, 'name') } }),
    ...(resolved === true && { resolved }),
  }
}

/** An object in JSON. @throws AdapterError `protocol` */
export function objectFrom(json: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    // Reported below, like any other value that is no object.
  }
  if (!isObject(value)) throw broken('JSON')
  return value
}

function eventOf(event: Fields): StreamEvent | null {
  switch (event['type']) {
    case 'ack':
      return {
        type: 'ack',
        conversationId: text(event, 'conversationId'),
        userMessageId: text(event, 'userMessageId'),
        turnId: text(event, 'turnId'),
        replayed: event['replayed'] === true,
      }
    case 'delta':
      return { type: 'delta', text: text(event, 'text') }
    case 'message': {
      const message = recordOf(event['message'])
      return message && { type: 'message', message }
    }
    case 'pending':
      return { type: 'pending', reason: event['reason'] === 'approval' ? 'approval' : 'human' }
    case 'failure':
      return {
        type: 'failure',
        code: text(event, 'code') as FailureCode,
        message: text(event, 'message'),
        retryable: event['retryable'] === true,
      }
    case 'done': {
      const stopped = event['stopped'] === true
      return { type: 'done', lastMessageId: text(event, 'lastMessageId'), ...(stopped && { stopped }) }
    }
    default:
      return null
  }
}

/** Null for a record of an actor this version does not know. */
function recordOf(value: unknown): ConversationRecord | null {
  if (!isObject(value)) throw broken('a record')
  const { actor, data } = value
  const id = text(value, 'id')
  const createdAt = text(value, 'createdAt')
  if (!id || Number.isNaN(Date.parse(createdAt))) throw broken('a record')
  const record = { id, type: text(value, 'type'), body: text(value, 'body'), createdAt }
  if (actor !== 'customer' && actor !== 'assistant') return null
  return { ...record, actor, ...(isObject(data) && { data: dataOf(data) }) }
}

/** The facts we know must have the right shape; others go through as they are. */
function dataOf(data: Fields): RecordData {
  const { author, clientMessageId, ...others } = data
  return {
    ...(others as RecordData),
    ...(isObject(author) && { author: { kind: 'operator', name: text(author, 'name') } }),
    ...(typeof clientMessageId === 'string' && { clientMessageId }),
  }
}

function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw broken(`the field ${name}`)
  return value
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const broken = (what: string): AdapterError =>
  new AdapterError('protocol', `The server's answer is not understood: ${what}. Is this a Lumika server?`, {
    status: 200,
  })
