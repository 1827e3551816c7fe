import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { cryptoRandom, randomAlphanumeric } from '../../../server/random.ts'
import { invalidToken, isToken, mintToken, readToken } from '../../../server/access/tokens.ts'

const token = `lw_${'a'.repeat(24)}`
const other = `lw_${'b'.repeat(24)}`

it('I65: tokens hold 128 random bits or more, and only their hash is kept of an api token', async () => {
  const widget = await mintToken('widget', '2026-01-01T00:00:00.000Z', cryptoRandom)
  expect(widget.value).toMatch(/^lw_[A-Za-z0-9_-]{22,}$/)
  expect(widget.stored.value).toBe(widget.value)

  const api = await mintToken('api', '2026-01-01T00:00:00.000Z', cryptoRandom)
  expect(api.value).toMatch(/^la_[A-Za-z0-9_-]{32,}$/)
  expect(api.stored).toEqual({
    id: expect.stringMatching(/^tok_[A-Za-z0-9]{16}$/),
    hash: createHash('sha256').update(api.value).digest('base64url'),
    hint: api.value.slice(-4),
    createdAt: '2026-01-01T00:00:00.000Z',
  })
  expect(isToken(widget.value) && isToken(api.value)).toBe(true)
})

it('I65: every token is another one', async () => {
  const minted = await Promise.all(Array.from({ length: 2_000 }, () => mintToken('widget', '', cryptoRandom)))
  expect(new Set(minted.map(({ value }) => value)).size).toBe(2_000)
})

it('random characters are evenly spread, whatever the bytes are', () => {
  let next = 0
  const counting = (bytes: Uint8Array<ArrayBuffer>) => bytes.map(() => next++ % 256)
  const text = randomAlphanumeric(252, counting)
  const counts = new Map<string, number>()
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1)
  expect([...counts.values()]).toEqual(Array(36).fill(7))
})

it.each([
  ['in the query', token, null],
  ['in the query, as a list of one', [token], null],
  ['in the header', undefined, `Bearer ${token}`],
  ['in the header, scheme in lower case', [], `bearer ${token}`],
  ['in both, alike', token, `Bearer ${token}`],
  ['in the query, beside a proxy password', token, 'Basic dXNlcjpwYXNz'],
])('a token is read %s', (_, given, authorization) => {
  expect(readToken(given, authorization)).toBe(token)
})

it.each([
  ['missing', undefined, null],
  ['missing', [], null],
  ['missing, beside a proxy password', undefined, 'Basic dXNlcjpwYXNz'],
  ['empty', '', null],
  ['empty in the header', undefined, 'Bearer '],
  ['empty in the header, present in the query', token, 'Bearer'],
  ['repeated', [token, other], null],
  ['repeated alike', [token, token], null],
  ['contradicted by the header', token, `Bearer ${other}`],
  ['two in the header', undefined, `Bearer ${token}, Bearer ${token}`],
  ['malformed: prefix', token.replace('lw_', 'lx_'), null],
  ['malformed: too short', `lw_${'a'.repeat(21)}`, null],
  ['malformed: api token too short', `la_${'a'.repeat(31)}`, null],
  ['malformed: characters', `lw_${'a'.repeat(22)}!`, null],
  ['malformed: a line break', `${token}\n`, null],
  ['malformed: a space', ` ${token}`, null],
  ['malformed: 10 KB', `lw_${'a'.repeat(10_000)}`, null],
  ['malformed: prototype', '__proto__', null],
])('I65: a token that is %s gets the one 401', (_, given, authorization) => {
  const { status, code, message } = invalidToken()
  expect(() => readToken(given, authorization)).toThrow(
    expect.objectContaining({ name: 'HttpError', status, code, message }),
  )
})
