/** Log lines for the terminal or for a log collector. */
import type { LogFields, Logger } from '../logger.ts'

/** Options of `createLineLogger`. */
export interface LineLoggerOptions {
  /** One JSON object a line instead of plain words. */
  json: boolean
  /** Takes a line with its line end. */
  out: (line: string) => void
  /** Takes warnings and errors. */
  err: (line: string) => void
  /** The wall clock, in milliseconds. @default Date.now */
  now?: () => number
}

/** Writes one line for each message. */
export function createLineLogger({ json, out, err, now = Date.now }: LineLoggerOptions): Logger {
  const write = (level: string, to: (line: string) => void) => (message: string, fields?: LogFields) => {
    const shown = Object.fromEntries(Object.entries(fields ?? {}).map(([name, value]) => [name, plain(value)]))
    if (json) return to(`${JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...shown })}\n`)
    const words = Object.entries(shown).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    to(`${[level === 'info' ? message : `${level}: ${message}`, ...words].join(' ')}\n`)
  }
  return { info: write('info', out), warn: write('warn', err), error: write('error', err) }
}

/** An error as data, with what caused it. */
function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return value
  const code = (value as { code?: unknown }).code
  return {
    name: value.name,
    ...(code === undefined ? {} : { code }),
    message: value.message,
    ...(value.cause === undefined ? {} : { cause: plain(value.cause) }),
  }
}
