/** The moments at which a server dies, in the order in which a message passes them. */

/** How a message is answered in a case. */
export type AnswerMode = 'auto' | 'approval'

/** A moment, and what must hold of a message whose server died then. */
export interface KillPoint {
  name: string
  /** What the server has done by then. */
  means: string
  modes: readonly AnswerMode[]
  /** How often the responder is asked in all. Twice only where it had said nothing that was stored. */
  calls: 1 | 2
  /** Whether what is published counts as broken off: something had been said, and its end was not stored. */
  isInterrupted: boolean
  /** Pieces of the answer that were written down by then. */
  pieces: number
  /** Whether the customer had been told that the message is stored. */
  isAcked: boolean
}

const both = ['auto', 'approval'] as const
const auto = ['auto'] as const
const before = { calls: 1, isInterrupted: false, pieces: 0 } as const
const amid = { calls: 1, isInterrupted: true, isAcked: true } as const
const over = { calls: 1, isInterrupted: false, pieces: 5, isAcked: true } as const

/** Pieces of a whole answer. */
export const wholeAnswer = over.pieces

export const killPoints: readonly KillPoint[] = [
  { name: 'before-append', means: 'nothing is stored', modes: both, ...before, isAcked: false },
  { name: 'after-append', means: 'the message is stored, nobody was told', modes: both, ...before, isAcked: false },
  { name: 'after-ack', means: 'ack is on the wire', modes: both, ...before, isAcked: true },
  { name: 'before-claim', means: 'the answer is about to begin', modes: both, ...before, isAcked: true },
  { name: 'after-claim', means: 'the turn is claimed, nobody was asked', modes: both, ...before, isAcked: true },
  { name: 'mid-delta 0', means: 'the responder was asked', modes: both, ...before, calls: 2, isAcked: true },
  { name: 'delta-stored 1', means: 'a piece is stored, nobody has seen it', modes: both, ...amid, pieces: 1 },
  { name: 'mid-delta 1', means: 'a piece was streamed', modes: both, ...amid, pieces: 1 },
  { name: 'delta-sent 2', means: 'two pieces are on the wire', modes: auto, ...amid, pieces: 2 },
  { name: 'mid-delta 3', means: 'several pieces were streamed', modes: both, ...amid, pieces: 3 },
  { name: 'after-llm', means: 'all is said, its end is not stored', modes: both, ...amid, pieces: wholeAnswer },
  { name: 'after-commit', means: 'the answer is stored', modes: both, ...over },
  { name: 'message-sent', means: 'the answer with its id is on the wire', modes: auto, ...over },
  { name: 'after-done', means: 'done is on the wire', modes: auto, ...over },
]
