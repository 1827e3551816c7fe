/** The parts of a server with moments to die at: its log, its responder and its streams, each wrapped from outside. */
import { setTimeout as pause } from 'node:timers/promises'
import type { StreamEvent } from '../../protocol.ts'
import type { ConversationLog, Lane } from '../../server/storage/log.ts'
import { createFunctionResponder } from '../../server/responders/function.ts'
import type { Responder } from '../../server/responders/responder.ts'
import type { Doom } from './doom.ts'
import { callsIn, note, readNotes } from './notes.ts'

/** A log with a moment before and after each append that a turn, or the delivery of a webhook, consists of. */
export function doomedLog(log: ConversationLog, doom: Doom): ConversationLog {
  const pieces = new Map<Lane, number>()
  return {
    ...log,
    async append(conversation, lane, value, options) {
      const step = conversation.startsWith('~webhook.') ? hookStepOf(value) : stepOf(lane, value)
      if (step) doom.pass(step.before)
      const appended = await log.append(conversation, lane, value, options)
      if (step === steps.piece) pieces.set(lane, (pieces.get(lane) ?? 0) + 1)
      if (step) doom.pass(step === steps.piece ? `${step.after} ${pieces.get(lane)}` : step.after)
      return appended
    },
  }
}

const steps = {
  message: { before: 'before-append', after: 'after-append' },
  claim: { before: 'before-claim', after: 'after-claim' },
  piece: { before: 'before-delta', after: 'delta-stored' },
  end: { before: 'after-llm', after: 'after-commit' },
}

const hookSteps = {
  event: { before: 'before-hook-queued', after: 'after-hook-queued' },
  claim: { before: 'before-hook-claim', after: 'after-hook-claim' },
  attempt: { before: 'before-hook-settled', after: 'after-hook-settled' },
}

/** Which of a delivery's steps an append is. */
const hookStepOf = (value: unknown) => hookSteps[(value as { type: string }).type as keyof typeof hookSteps] ?? null

/** Which of a turn's steps an append is; null for one that belongs to no turn. */
function stepOf(lane: Lane, value: unknown): (typeof steps)[keyof typeof steps] | null {
  const { type, turn, ends } = value as { type?: string; turn?: unknown; ends?: unknown }
  if (turn) return steps.message
  if (ends) return steps.end
  if (!lane.startsWith('turn/')) return null
  return type === 'claim' ? steps.claim : type === 'delta' ? steps.piece : null
}

/** The pieces of the answer that call number `call` gives to a text. Each names its call, the first names the text, too. */
export const piecesOf = (text: string, call: number): string[] => [
  `Call ${call} for [${text}]. `,
  ...[2, 3, 4, 5].map((n) => `Piece ${n} of call ${call}. `),
]

/** A responder that notes every call before it says a word, and can die between any two pieces. */
export function doomedResponder(notesFile: string, doom: Doom, gapMs: () => number): Responder {
  async function* speak(text: string): AsyncGenerator<string> {
    const call = 1 + (callsIn(readNotes(notesFile)).get(text) ?? 0)
    note(notesFile, { call: text })
    // A while in which it was asked and has said nothing.
    await pause(gapMs())
    doom.pass('mid-delta 0')
    for (const [index, piece] of piecesOf(text, call).entries()) {
      yield piece
      // Time for the piece to reach whoever reads along.
      await pause(gapMs())
      doom.pass(`mid-delta ${index + 1}`)
    }
  }
  return createFunctionResponder(({ text }) => speak(text))
}

/** A handler whose streams have a moment after each event, when its bytes have gone to the socket. */
export function doomedFetch(
  handle: (request: Request) => Promise<Response>,
  doom: Doom,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const response = await handle(request)
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
    if (!isStream || !response.body) return response
    const reader = response.body.getReader()
    let pieces = 0
    let sent: string | null = null
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const moment = sent
          // Asked for more, what came before was written; Node passes it on to the system when this turn is over.
          if (moment) await new Promise<void>((resolve) => process.nextTick(() => resolve(doom.pass(moment))))
          const { value, done } = await reader.read()
          if (done) return controller.close()
          const type = typeOf(value)
          if (type === 'delta') pieces++
          sent = type && momentsAfter[type](pieces)
          controller.enqueue(value)
        },
        cancel: () => reader.cancel(),
      },
      { highWaterMark: 0 },
    )
    return new Response(body, { status: response.status, headers: response.headers })
  }
}

const momentsAfter: Record<StreamEvent['type'], (pieces: number) => string | null> = {
  ack: () => 'after-ack',
  delta: (pieces) => `delta-sent ${pieces}`,
  message: () => 'message-sent',
  pending: () => null,
  failure: () => null,
  done: () => 'after-done',
}

/** Chunk by chunk is event by event: nothing is made ahead of what is asked for. */
function typeOf(chunk: Uint8Array): StreamEvent['type'] | null {
  const data = /^data: (.*)$/m.exec(new TextDecoder().decode(chunk))?.[1]
  return data === undefined ? null : (JSON.parse(data) as StreamEvent).type
}
