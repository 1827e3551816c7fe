/** What stops the command line, in words that say what to do. */

/** The command line or the environment says something that cannot be meant. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The server could not start. Exit code 1. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
