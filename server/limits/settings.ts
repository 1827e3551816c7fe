/** How much anybody may ask of a server: the numbers, what they mean, and what they are when nobody sets them. */

/** Limits of a server. `Infinity` lifts one. */
export interface LimitSettings {
  /**
   * Messages a minute from one address to one integration. Only where the token is public (`widget`) and the address is
   * known. Security: behind a reverse proxy that is not trusted, all visitors share its address.
   * @default 1_200, an office behind one address
   */
  messagesPerAddress: number
  /** Messages a minute in one conversation. @default 450 */
  messagesPerConversation: number
  /** Messages a minute to one integration. @default 6_000 */
  messagesPerIntegration: number
  /** Files a minute from one address to one integration. Only where the token is public and the address is known. @default 120 */
  uploadsPerAddress: number
  /** Files a minute in one conversation. @default 30 */
  uploadsPerConversation: number
  /** Files a minute to one integration. @default 600 */
  uploadsPerIntegration: number
  /** Kilobytes of files a minute from one address to one integration. @default 204_800 */
  uploadKbPerAddress: number
  /** Kilobytes of files a minute in one conversation. @default 102_400 */
  uploadKbPerConversation: number
  /** Kilobytes of files a minute to one integration. @default 1_048_576 */
  uploadKbPerIntegration: number
  /** Reads a minute from one address of one integration, counted by each process. @default 30_000 */
  readsPerAddress: number
  /**
   * Reads a minute, from one address, of conversations that hold nothing: guesses. Counted by each process.
   * @default 600
   */
  guessesPerAddress: number
  /** Times a minute that the customer of one conversation tells whether they type, counted by each process. @default 120 */
  typingPerConversation: number
  /** Log-ins a minute that fail, from one address. @default 30 */
  loginsPerAddress: number
  /**
   * Log-ins a minute that fail, under one name. Security: whoever guesses one's password keeps them from logging in
   * meanwhile; who is logged in already, and the operator key, are not concerned.
   * @default 10
   */
  loginsPerName: number
  /** Streams and waiting reads that one address may hold open at one process. @default 1_500 */
  openPerAddress: number
  /** Streams and waiting reads that may be open in one conversation at one process. @default 150 */
  openPerConversation: number
  /** Streams and waiting reads that may be open for one integration at one process. @default 20_000 */
  openPerIntegration: number
  /**
   * Answers a day, from midnight UTC, that the responder is asked for by one integration; the integration may set a
   * number of its own. Messages beyond it are stored and wait for a person. @default 10_000
   */
  answersPerDay: number
  /** Questions a minute by which operators try the responder of one integration. They count for nothing else. @default 20 */
  responderTests: number
}

/** What holds where nothing is set. */
export const defaultLimits: LimitSettings = {
  messagesPerAddress: 1_200,
  messagesPerConversation: 450,
  messagesPerIntegration: 6_000,
  uploadsPerAddress: 120,
  uploadsPerConversation: 30,
  uploadsPerIntegration: 600,
  uploadKbPerAddress: 204_800,
  uploadKbPerConversation: 102_400,
  uploadKbPerIntegration: 1_048_576,
  readsPerAddress: 30_000,
  guessesPerAddress: 600,
  typingPerConversation: 120,
  loginsPerAddress: 30,
  loginsPerName: 10,
  openPerAddress: 1_500,
  openPerConversation: 150,
  openPerIntegration: 20_000,
  answersPerDay: 10_000,
  responderTests: 20,
}

/** The settings, with the defaults filled in. @throws TypeError for what is no number from 0 on */
export function limitSettings(given: Partial<LimitSettings> = {}): LimitSettings {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in defaultLimits)) throw new TypeError(`There is no limit called ${name}.`)
    const isCount = value === Infinity || (Number.isSafeInteger(value) && value >= 0)
    if (!isCount) throw new TypeError(`The limit ${name} has to be a whole number from 0 on, or Infinity.`)
  }
  return { ...defaultLimits, ...given }
}
