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
