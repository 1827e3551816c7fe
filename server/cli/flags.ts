/** The flags of `lumika serve`: one table gives the parsing, the environment variables and the help. */
import { parseArgs } from 'node:util'
import { defaultMaxBytes } from '../attachments/attachments.ts'
import type { LimitSettings } from '../limits/settings.ts'
import { UsageError } from './errors.ts'
import { limitsHelp, parseLimits } from './flag-limits.ts'
import { parseBytes, parseKey, parseOrigin, parsePort, parseProxies, parseSwitch, parseText } from './flag-values.ts'
import { envName, flagName } from './names.ts'

/** Names the responder that answers by default. */
export const responderNames = ['echo', 'openai', 'webhook'] as const
export type ResponderName = (typeof responderNames)[number]

/** What `lumika serve` was asked to do. */
export interface ServeOptions {
  /** 0: any free one. */
  port: number
  host: string
  storage: string
  /** Security: whoever holds it can read everything. @default the stored one, or a new one */
  operatorKey: string | undefined
  /** The origin by which browsers reach the server. @default from host and port */
  publicUrl: string | undefined
  /** Reverse proxies whose `X-Forwarded-For` is believed. Security: anybody else's would be a disguise. */
  trustProxy: 'loopback' | string[] | undefined
  /** Security: lets an operator make the server call addresses inside its own network. */
  allowPrivateWebhooks: boolean
  responder: ResponderName
  /** Bytes of a file that goes with a message. */
  maxAttachmentBytes: number
  /** Limits that differ from the usual ones. */
  limits: Partial<LimitSettings>
  /** Log lines as JSON. */
  json: boolean
}

interface Flag<Value> {
  /** The word after the flag in the help; none for a switch. */
  value?: string
  help: string
  default: Value
  /** @throws UsageError */
  parse(text: string, name: string): Value
}

const flags: { [Key in keyof ServeOptions]: Flag<ServeOptions[Key]> } = {
  port: { value: 'number', help: 'port to listen on; 0 takes any free one', default: 3000, parse: parsePort },
  host: {
    value: 'address',
    help: 'address to listen on; 0.0.0.0 or :: for all',
    default: '127.0.0.1',
    parse: parseText,
  },
  storage: {
    value: 'url',
    help: 'fs:<folder>, memory, redis://…, rediss://… or redis-cluster://…',
    default: 'fs:./.lumika',
    parse: parseText,
  },
  operatorKey: {
    value: 'key',
    help: 'key of the operator API, 16 characters or more; by default made at the first start',
    default: undefined,
    parse: parseKey,
  },
  publicUrl: {
    value: 'url',
    help: 'origin by which browsers reach this server; by default from host and port',
    default: undefined,
    parse: parseOrigin,
  },
  trustProxy: {
    value: 'list',
    help: 'loopback, or the addresses of your reverse proxies, with commas: their X-Forwarded-For is believed',
    default: undefined,
    parse: parseProxies,
  },
  allowPrivateWebhooks: {
    help: 'let webhook deliveries go to private and loopback addresses',
    default: false,
    parse: parseSwitch,
  },
  responder: {
    value: 'name',
    help: `who answers by default: ${responderNames.join(', ')}`,
    default: 'echo',
    parse: parseResponder,
  },
  maxAttachmentBytes: {
    value: 'bytes',
    help: 'largest file that may go with a message',
    default: defaultMaxBytes,
    parse: parseBytes,
  },
  limits: {
    value: 'list',
    help: 'off, or limits with commas between them: messages-per-address=60,answers-per-day=500 (see below)',
    default: {},
    parse: parseLimits,
  },
  json: { help: 'write every log line as JSON', default: false, parse: parseSwitch },
}

const keys = Object.keys(flags) as (keyof ServeOptions)[]

/** Environment variables; an empty one counts as absent. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What the command line holds. */
export interface CommandLine {
  command: string | undefined
  help: boolean
  version: boolean
  /** Reads the options of `serve`: the flag, else the environment variable, else the default. @throws UsageError */
  serveOptions(): ServeOptions
}

/** Reads the arguments after the program's name. @throws UsageError */
export function readCommandLine(args: string[], env: Environment): CommandLine {
  const { values, positionals } = parse(args)
  const [command, unexpected] = positionals
  if (unexpected !== undefined) throw new UsageError('There is one command at a time, and options begin with --.')

  function read<Key extends keyof ServeOptions>(key: Key): ServeOptions[Key] {
    const given = values[flagName(key)]
    const flag: Flag<ServeOptions[Key]> = flags[key]
    if (given !== undefined) return flag.parse(String(given), `--${flagName(key)}`)
    const fallback = env[envName(key)]
    return fallback ? flag.parse(fallback, envName(key)) : flag.default
  }

  return {
    command,
    help: values['help'] === true,
    version: values['version'] === true,
    serveOptions: () => Object.fromEntries(keys.map((key) => [key, read(key)])) as unknown as ServeOptions,
  }
}

/** What `lumika --help` prints. */
export function helpText(): string {
  const rows = keys.map((key) => {
    const { value, help, default: preset } = flags[key]
    const hasPreset = (typeof preset === 'string' || typeof preset === 'number') && preset !== ''
    const shown = hasPreset ? ` (default: ${preset})` : ''
    return [`--${flagName(key)}${value ? ` <${value}>` : ''}`, envName(key), help + shown] as const
  })
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column as 0 | 1].length)))
  const table = rows.map(
    ([flag, env, help]) => `  ${flag.padEnd(widths[0] ?? 0)}  ${env.padEnd(widths[1] ?? 0)}\n      ${help}`,
  )
  return `Usage: lumika serve [options]

Starts the chat server. Every option has an environment variable; the option wins.

${table.join('\n')}

Responders, by environment only:
  openai   LUMIKA_OPENAI_MODEL, LUMIKA_OPENAI_BASE_URL (default: https://api.openai.com/v1), LUMIKA_OPENAI_API_KEY,
           LUMIKA_OPENAI_HANDOVER=on (the model may ask for a person, by a tool)
  webhook  LUMIKA_WEBHOOK_URL, LUMIKA_WEBHOOK_SECRET

Limits, and what they are unless --limits says otherwise (messages, reads and guesses: a minute):
${limitsHelp()}

Also:
  --help, -h     prints this
  --version, -v  prints the version
`
}

function parse(args: string[]): { values: Record<string, unknown>; positionals: string[] } {
  const options = Object.fromEntries(
    keys.map((key) => [flagName(key), { type: flags[key].value ? ('string' as const) : ('boolean' as const) }]),
  )
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...options,
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    })
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split(/\.\s|\n/)
    throw new UsageError(sentence.endsWith('.') ? sentence : `${sentence}.`, { cause: error })
  }
}

function parseResponder(text: string, name: string): ResponderName {
  const found = responderNames.find((responder) => responder === text)
  if (!found) throw new UsageError(`${name} must be one of ${responderNames.join(', ')}.`)
  return found
}
