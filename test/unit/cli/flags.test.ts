import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../../server/limits/settings.ts'
import { helpText, readCommandLine } from '../../../server/cli/flags.ts'

const options = (args: string[], env: Record<string, string> = {}) =>
  readCommandLine(['serve', ...args], env).serveOptions()

describe('the flags of lumika serve', () => {
  test('G12: off lifts every limit', () => {
    const { limits } = options(['--limits', 'off'])
    expect(Object.keys(limits)).toEqual(Object.keys(defaultLimits))
    expect(new Set(Object.values(limits))).toEqual(new Set([Infinity]))
  })

  test('have the documented defaults', () => {
    expect(options([])).toEqual({
      port: 3000,
      host: '127.0.0.1',
      storage: 'fs:./.lumika',
      operatorKey: undefined,
      publicUrl: undefined,
      trustProxy: undefined,
      allowPrivateWebhooks: false,
      responder: 'echo',
      limits: {},
      maxAttachmentBytes: 10_485_760,
      json: false,
    })
  })

  const cases: [flag: string, variable: string, value: string, key: string, meaning: unknown][] = [
    ['--port', 'LUMIKA_PORT', '4000', 'port', 4000],
    ['--host', 'LUMIKA_HOST', '::', 'host', '::'],
    ['--storage', 'LUMIKA_STORAGE', 'memory', 'storage', 'memory'],
    ['--operator-key', 'LUMIKA_OPERATOR_KEY', 'a'.repeat(16), 'operatorKey', 'a'.repeat(16)],
    ['--public-url', 'LUMIKA_PUBLIC_URL', 'https://Chat.Example/', 'publicUrl', 'https://chat.example'],
    ['--trust-proxy', 'LUMIKA_TRUST_PROXY', '10.0.0.1, ::1', 'trustProxy', ['10.0.0.1', '::1']],
    ['--trust-proxy', 'LUMIKA_TRUST_PROXY', 'loopback', 'trustProxy', 'loopback'],
    ['--limits', 'LUMIKA_LIMITS', 'messages-per-address=60', 'limits', { messagesPerAddress: 60 }],
    [
      '--limits',
      'LUMIKA_LIMITS',
      'answers-per-day=0, open-per-address=off',
      'limits',
      { answersPerDay: 0, openPerAddress: Infinity },
    ],
    ['--max-attachment-bytes', 'LUMIKA_MAX_ATTACHMENT_BYTES', '2000000', 'maxAttachmentBytes', 2_000_000],
    ['--responder', 'LUMIKA_RESPONDER', 'webhook', 'responder', 'webhook'],
  ]
  test.each(cases)('%s and %s take %s', (flag, variable, value, key, meaning) => {
    expect(options([flag, value])).toHaveProperty(key, meaning)
    expect(options([], { [variable]: value })).toHaveProperty(key, meaning)
  })

  test('switches are on by name, and by a word in the environment', () => {
    expect(options(['--json', '--allow-private-webhooks'])).toMatchObject({ json: true, allowPrivateWebhooks: true })
    expect(options([], { LUMIKA_JSON: '1', LUMIKA_ALLOW_PRIVATE_WEBHOOKS: 'yes' })).toMatchObject({
      json: true,
      allowPrivateWebhooks: true,
    })
    expect(options([], { LUMIKA_JSON: 'false' })).toMatchObject({ json: false })
  })

  test('the flag wins over the environment, and an empty variable counts as absent', () => {
    expect(options(['--port', '1'], { LUMIKA_PORT: '2' }).port).toBe(1)
    expect(options([], { LUMIKA_PORT: '' }).port).toBe(3000)
  })

  const refused: [what: string, args: string[], env: Record<string, string>, says: RegExp][] = [
    ['an unknown flag', ['--prot', '1'], {}, /--prot/],
    ['a flag without its value', ['--port'], {}, /--port/],
    ['a port that is no number', ['--port', 'http'], {}, /--port must be a whole number/],
    ['a port that is too high', ['--port', '65536'], {}, /--port must be a whole number/],
    ['a fraction', ['--port=1.5'], {}, /--port must be a whole number/],
    ['a bad variable, by its name', [], { LUMIKA_PORT: '-1' }, /LUMIKA_PORT must be/],
    ['an empty storage', ['--storage', ' '], {}, /--storage needs a value/],
    ['a short operator key', ['--operator-key', 'secret'], {}, /--operator-key must be 16/],
    ['a public address with a path', ['--public-url', 'https://a.example/chat'], {}, /--public-url must be/],
    ['a public address of another scheme', ['--public-url', 'ftp://a.example'], {}, /--public-url must be/],
    ['a limit nobody knows', ['--limits', 'mails=1'], {}, /--limits: mails is none of messages-per-address/],
    [
      'a limit without a number',
      ['--limits', 'answers-per-day=many'],
      {},
      /give answers-per-day a whole number, or off/,
    ],
    ['a proxy by name', ['--trust-proxy', 'proxy.internal'], {}, /--trust-proxy must be/],
    ['an unknown responder', ['--responder', 'gpt'], {}, /echo, openai, webhook/],
    ['a switch with a strange word', [], { LUMIKA_JSON: 'maybe' }, /LUMIKA_JSON must be true or false/],
    ['a second command', ['now'], {}, /one command/],
  ]
  test.each(refused)('%s is refused with words that help', (_what, args, env, says) => {
    expect(() => options(args, env)).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(says) }),
    )
  })

  test('a refused operator key is not repeated', () => {
    expect(() => options(['--operator-key', 'hunter2'])).toThrow(/^(?!.*hunter2)/s)
  })

  test('the help names every flag with its variable', () => {
    for (const [flag, variable] of cases) {
      expect(helpText()).toContain(flag)
      expect(helpText()).toContain(variable)
    }
  })
})
