/** What makes a server process die at a moment that was named beforehand. */
import { note } from './notes.ts'

/** The fate of a process. */
export interface Doom {
  /** From now on the process dies when it comes by this moment; null: it lives. */
  arm(name: string | null): void
  isArmed(): boolean
  /** Whether this is the moment at which the process is to die. */
  is(name: string): boolean
  /** The process comes by a moment. */
  pass(name: string): void
  /** Dies, whatever moment this is. */
  die(): void
}

/** @param notesFile where the last words go, so that a test can tell this death from any other */
export function createDoom(notesFile: string): Doom {
  let armed: string | null = null
  const doom: Doom = {
    arm: (name) => void (armed = name),
    isArmed: () => armed !== null,
    is: (name) => name === armed,
    pass(name) {
      if (doom.is(name)) doom.die()
    },
    die() {
      note(notesFile, { died: armed ?? '' })
      // The signal ends the process before this call returns: not another instruction of it is carried out.
      process.kill(process.pid, 'SIGKILL')
    },
  }
  return doom
}
