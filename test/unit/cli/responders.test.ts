import { describe, expect, test } from 'vitest'
import { createResponders } from '../../../server/cli/responders.ts'

const openai = { LUMIKA_OPENAI_MODEL: 'tiny', LUMIKA_OPENAI_BASE_URL: 'http://localhost:11434/v1' }
const webhook = {
  LUMIKA_WEBHOOK_URL: 'https://shop.example/answer',
  LUMIKA_WEBHOOK_SECRET: 'a-secret-of-32-random-characters',
}

describe('the responders that the environment configures', () => {
  test('are echo alone when it says nothing', () => {
    expect(Object.keys(createResponders('echo', {}))).toEqual(['echo'])
  })

  test('are all that it says enough about, whichever is the default', () => {
    const responders = createResponders('webhook', { ...openai, ...webhook })
    expect(Object.entries(responders).map(([name, { kind }]) => [name, kind])).toEqual([
      ['echo', 'echo'],
      ['openai', 'openai'],
      ['webhook', 'webhook'],
    ])
  })

  const refused: [what: string, chosen: 'echo' | 'openai' | 'webhook', env: Record<string, string>, says: RegExp][] = [
    ['openai without a model', 'openai', {}, /LUMIKA_OPENAI_MODEL/],
    ['a key without a model', 'echo', { LUMIKA_OPENAI_API_KEY: 'sk-very-secret' }, /LUMIKA_OPENAI_MODEL/],
    ['an address that is none', 'echo', { ...openai, LUMIKA_OPENAI_BASE_URL: 'localhost' }, /LUMIKA_OPENAI_BASE_URL/],
    ['webhook without an address', 'webhook', {}, /LUMIKA_WEBHOOK_URL and LUMIKA_WEBHOOK_SECRET/],
    ['a secret without an address', 'echo', { LUMIKA_WEBHOOK_SECRET: 'very-secret' }, /LUMIKA_WEBHOOK_URL/],
    ['a webhook of another scheme', 'echo', { ...webhook, LUMIKA_WEBHOOK_URL: 'file:///x' }, /LUMIKA_WEBHOOK_URL/],
    ['a short secret', 'webhook', { ...webhook, LUMIKA_WEBHOOK_SECRET: 'very-secret' }, /secret/],
  ]
  test.each(refused)('%s is refused with words that help', (_what, chosen, env, says) => {
    const create = () => createResponders(chosen, env)
    expect(create).toThrow(expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(says) }))
    expect(create).not.toThrow(/very-secret/)
  })
})
