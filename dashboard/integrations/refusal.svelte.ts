/** Why the server has refused what was to be saved, for the field it is about. */
import { createContext } from 'svelte'
import { refusedIn } from './look.ts'
import type { Refused } from './look.ts'

/** What was refused last, until something is changed. */
export class Refusal {
  refused: Refused | null = $state.raw(null)

  /** Takes what the server has said. */
  readonly hear = (message: string): void => {
    this.refused = refusedIn(message)
  }

  readonly clear = (): void => {
    this.refused = null
  }

  /** What is wrong at one of these paths; empty: nothing. */
  at(paths: readonly string[]): string {
    return this.refused && paths.includes(this.refused.path) ? this.refused.text : ''
  }

  /** Whether something is wrong at a path, or below it. */
  isWithin(path: string): boolean {
    return this.refused !== null && `${this.refused.path}.`.startsWith(`${path}.`)
  }
}

/** What was refused of the form a component belongs to. */
export const [useRefusal, provideRefusal] = createContext<Refusal>()
