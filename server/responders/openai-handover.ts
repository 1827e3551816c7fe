/** How a language model asks for a person: by a tool that it is offered. */
import { handover } from './responder.ts'
import type { ResponderSignal } from './responder.ts'

const name = 'hand_over_to_person'

/** The tool, as a request offers it. */
export const handoverTool = {
  type: 'function',
  function: {
    name,
    description:
      'Hands the conversation over to a person of the team. Use it when the customer wants a person, or when you cannot help. Tell the customer first that a person will answer here.',
    parameters: {
      type: 'object',
      properties: {
        reason: { type: 'string', description: 'Why, in a few words, for the team. Not shown to the customer.' },
      },
    },
  },
} as const

/** A call of a tool, or a piece of one. */
export interface ToolCall {
  index?: number
  function?: { name?: unknown; arguments?: unknown } | null
}

/** Puts together what a model says to its tools. Only calls of ours count. */
export interface HandoverListener {
  hear(calls: unknown): void
  /** What it has asked for; null: nothing. */
  heard(): ResponderSignal | null
}

/** Longest arguments that are read, in characters. */
const MOST = 10_000

/** Makes a listener for one answer. */
export function listenForHandover(): HandoverListener {
  /** By index, since only the first piece of a call has its name. */
  const calls = new Map<number, { isOurs: boolean; text: string }>()
  return {
    hear(pieces) {
      if (!Array.isArray(pieces)) return
      for (const [place, piece] of (pieces as (ToolCall | null)[]).entries()) {
        const { name: called, arguments: text } = piece?.function ?? {}
        const index = piece?.index ?? place
        const call = calls.get(index) ?? { isOurs: false, text: '' }
        calls.set(index, call)
        if (called === name) call.isOurs = true
        if (typeof text === 'string') call.text = (call.text + text).slice(0, MOST)
        else if (text && typeof text === 'object') call.text = JSON.stringify(text)
      }
    },
    heard() {
      const ours = [...calls.values()].find(({ isOurs }) => isOurs)
      return ours ? handover(reasonIn(ours.text)) : null
    },
  }
}

function reasonIn(json: string): unknown {
  try {
    return (JSON.parse(json) as { reason?: unknown } | null)?.reason
  } catch {
    // A model that means it, and gets the form wrong.
    return undefined
  }
}
