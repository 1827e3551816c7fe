/** A file of lines that outlives the processes that write it: who was asked what, and who died where. */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'

/** One line: a call of the responder for a text, or a death. */
export type Note = { call: string } | { died: string }

/** Adds a line, durably, before anything else can happen in this process. */
export function note(file: string, line: Note): void {
  const descriptor = openSync(file, 'a')
  try {
    writeSync(descriptor, `${JSON.stringify(line)}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Everything noted so far. */
export function readNotes(file: string): Note[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Note)
}

/** How often the responder was asked, by text. */
export function callsIn(notes: readonly Note[]): Map<string, number> {
  const calls = new Map<string, number>()
  for (const line of notes) if ('call' in line) calls.set(line.call, (calls.get(line.call) ?? 0) + 1)
  return calls
}

/** Where processes died, in order. */
export const deathsIn = (notes: readonly Note[]): string[] =>
  notes.flatMap((line) => ('died' in line ? [line.died] : []))
