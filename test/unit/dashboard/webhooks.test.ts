import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { signatureSamples } from '../../../dashboard/webhooks/samples.ts'
import { events, outcomeOf, until } from '../../../dashboard/webhooks/webhook.ts'
import { webhookEvents } from '../../../server/webhooks/registrations.ts'

const guide = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8')

test.each(signatureSamples)('the sample for $language is the one of the guide, which is tried', ({ code }) => {
  expect(guide).toContain(`\n${code}\n\`\`\``)
})

test('all events that there are can be chosen', () => {
  expect(events.map(({ name }) => name)).toEqual(webhookEvents)
})

test.each([
  [{ status: 204 }, '204'],
  [{ status: 302 }, '302: it points elsewhere'],
  [{ error: 'private_address' }, 'It leads into a private network by now'],
  [{ error: 'of a newer server' }, 'of a newer server'],
])('%j is told in words', (attempt, words) => {
  expect(outcomeOf({ at: '', durationMs: 1, ...attempt })).toBe(words)
})

test.each([
  [-5, 'now'],
  [1, 'in 1 s'],
  [59, 'in 59 s'],
  [61, 'in 1 min'],
  [1_815, 'in 30 min'],
  [3_615, 'in 1 h'],
])('what is %i seconds away is said so', (seconds, words) => {
  expect(until(new Date(1_000_000 + seconds * 1_000).toISOString(), 1_000_000)).toBe(words)
})
