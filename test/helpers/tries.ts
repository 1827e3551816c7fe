/** What a test names anew at each try: a second one finds what the first has left in the same servers and browsers. */
import { beforeEach } from 'vitest'

/** Names for a try. */
export interface Tries {
  /** Words nobody has said before. The same words are the same again within a try. */
  own(words: string): string
  /** The id of a customer who has never been here. */
  newCustomer(): string
}

/** Counts the tries of all tests of a file. */
export function countTries(): Tries {
  let tries = 0
  let customers = 0
  beforeEach(() => void tries++)
  return {
    own: (words) => `${words} (${tries})`,
    newCustomer: () => `c_customer-number-${String(++customers).padStart(8, '0')}`,
  }
}
