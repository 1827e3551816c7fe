import { expect, it } from 'vitest'
import {
  corsHeaders,
  originWithoutIntegration,
  preflightHeaders,
  preflightOrigin,
} from '../../../server/access/cors.ts'

const shop = { allowedDomains: ['shop.example'], kind: 'widget' as const }

it('O49: every answer varies by origin and names exactly the origin that may read it', () => {
  expect(corsHeaders(null)).toEqual([['vary', 'Origin']])
  expect(corsHeaders('https://shop.example')).toEqual([
    ['vary', 'Origin'],
    ['access-control-allow-origin', 'https://shop.example'],
    ['access-control-expose-headers', 'Retry-After'],
  ])
})

it('O49: a preflight allows what the clients use, for ten minutes, without credentials', () => {
  const headers = new Headers(preflightHeaders('https://shop.example'))
  expect([...headers]).toEqual([
    ['access-control-allow-headers', 'content-type, authorization, last-event-id'],
    ['access-control-allow-methods', 'GET, POST'],
    ['access-control-allow-origin', 'https://shop.example'],
    ['access-control-max-age', '600'],
    ['vary', 'Origin'],
  ])
  expect(preflightHeaders(null)).toEqual([['vary', 'Origin']])
})

it.each([
  ['a listed origin', 'https://shop.example', shop, 'https://shop.example'],
  ['another origin', 'https://evil.example', shop, null],
  ['another origin, api token', 'https://evil.example', { ...shop, kind: 'api' as const }, null],
  ['any origin, empty list', 'https://evil.example', { ...shop, allowedDomains: [] }, 'https://evil.example'],
  ['the opaque origin, listed', 'null', { ...shop, allowedDomains: ['null'] }, 'null'],
  ['any origin, token unknown or elsewhere', 'https://evil.example', null, 'https://evil.example'],
  ['a malformed origin, no token', 'https://EVIL.example', null, null],
  ['the opaque origin, no token', 'null', null, null],
  ['no origin, api token', null, { ...shop, kind: 'api' as const }, null],
  ['no origin, no token', null, null, null],
])('O36, O49: a preflight of %s', (_, origin, integration, answer) => {
  expect(preflightOrigin(origin, integration)).toBe(answer)
})

it('I65: a page may read that its token is gone', () => {
  expect(originWithoutIntegration('https://shop.example')).toBe('https://shop.example')
  expect(originWithoutIntegration('null')).toBeNull()
  expect(originWithoutIntegration(null)).toBeNull()
})
