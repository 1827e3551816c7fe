/** Where the server tells its operator what happened. No message, field or error here holds a token, a text or an id. */

/** Facts that go along with a message. Errors are shown with their causes. */
export type LogFields = Record<string, unknown>

/** Takes what the server has to say. */
export interface Logger {
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** Says nothing. */
export const silentLogger: Logger = { info() {}, warn() {}, error() {} }

/**
 * The same logger, which is told of errors only what cannot hold a visitor's words. Somebody else's code (a driver, a
 * responder, a database) puts into its errors what it was given: a key, a query, a whole request.
 */
export function discreet(logger: Logger): Logger {
  const clean = (fields?: LogFields): LogFields | undefined =>
    fields && 'error' in fields ? { ...fields, error: describe(fields['error']) } : fields
  return {
    info: (message, fields) => logger.info(message, clean(fields)),
    warn: (message, fields) => logger.warn(message, clean(fields)),
    error: (message, fields) => logger.error(message, clean(fields)),
  }
}

/** Our own errors, whose messages hold no more than our own words. By name: two copies of a class may be loaded. */
const own = /^(Log|Http|Responder|Fenced|Shutdown)Error$/

/** What an error is, where it comes from, and what caused it, without a word of its message unless it is ours. */
function describe(error: unknown): LogFields {
  if (!(error instanceof Error)) return { name: typeof error }
  const { name, message, stack = '', cause } = error
  const { code } = error as { code?: unknown }
  const isOwn = own.test(name)
  const isPlain =
    typeof code === 'number' || (typeof code === 'string' && (isOwn || /^[A-Z][A-Z0-9_]{1,40}$/.test(code)))
  return {
    name: /^[A-Za-z]{0,40}(Error|Exception)$/.test(name) ? name : 'Error',
    ...(isPlain && { code }),
    ...(isOwn ? { message } : { at: framesOf(stack, message) }),
    ...(cause !== undefined && { cause: describe(cause) }),
  }
}

/** The places in the code, nearest first. The message stands before them, in as many lines as it has. */
const framesOf = (stack: string, message: string): string[] =>
  stack
    .slice(message ? stack.indexOf(message) + message.length : 0)
    .split('\n')
    .flatMap((line) => /^ {4}at .*?([\w.-]+:\d+:\d+)\)?$/.exec(line)?.[1] ?? [])
    .slice(0, 5)
