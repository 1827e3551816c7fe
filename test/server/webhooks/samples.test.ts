/** The samples of docs/webhooks.md tell our requests from others, in every language that this machine has. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { sign } from '../../../server/responders/signature.ts'

const guide = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8')
const sample = (language: string, mark: string): string =>
  [...guide.matchAll(/```(\w+)\n([^]*?)```/g)].find(
    ([, name, code]) => name === language && code?.includes(mark),
  )?.[2] ?? ''

const secret = 'whsec_of_the_samples'
const body = '{"text":"Grüße 🙂"}'

/** How each is run: with the secret, and pairs of a header and a body; it prints `true` or `false` for each pair. */
const runners: Record<string, { program: string; args: (code: string) => string[]; code: string }> = {
  Node: {
    program: process.execPath,
    code: sample('js', 'isFromLumika'),
    args: (code) => [
      '--input-type=module',
      '-e',
      `${code}
      const [secret, ...rest] = process.argv.slice(1)
      for (let n = 0; n < rest.length; n += 2) console.log(isFromLumika(secret, rest[n], rest[n + 1]))`,
    ],
  },
  Python: {
    program: 'python3',
    code: sample('python', 'is_from_lumika'),
    args: (code) => [
      '-c',
      `${code}
import sys
secret, *rest = sys.argv[1:]
for header, body in zip(rest[::2], rest[1::2]): print(str(is_from_lumika(secret, header, body.encode())).lower())`,
    ],
  },
  PHP: {
    program: 'php',
    code: sample('php', 'is_from_lumika'),
    args: (code) => [
      '-r',
      `${code}
      foreach (array_chunk(array_slice($argv, 2), 2) as [$header, $body])
        echo json_encode(is_from_lumika($argv[1], $header, $body)), "\n";`,
      '--',
    ],
  },
  Ruby: {
    program: 'ruby',
    code: sample('ruby', 'from_lumika?'),
    args: (code) => [
      '-e',
      `${code}
      secret, *rest = ARGV.map(&:b)
      rest.each_slice(2) { |header, body| puts from_lumika?(secret, header, body) }`,
    ],
  },
}
const here = Object.entries(runners).filter(([, { program }]) => spawnSync(program, ['--version']).status === 0)

it.each(here)(
  'the sample for %s takes what we have signed, and nothing else',
  async (_name, { program, args, code }) => {
    expect(code).not.toBe('')
    const header = await sign(secret, body)
    const others: [header: string, body: string][] = [
      [header, `${body} `],
      [await sign('another secret', body), body],
      [await sign(secret, body, () => Date.now() - 400_000), body],
      ...['', 't=1', header.replace('v1', 'v2'), `${header}\n`].map((odd): [string, string] => [odd, body]),
    ]
    const { stdout, stderr } = spawnSync(program, [...args(code), secret, header, body, ...others.flat()], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(stdout.trim().split(/\s+/)).toEqual(['true', ...others.map(() => 'false')])
  },
)
