/** Requests that name no origin, and what they say about their address. */
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { storages } from '../../helpers/world.ts'
import { canary, endpoints, openGate } from './gate.ts'
import type { RawHeaders } from './socket.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('origins on the wire, on %s', (kind) => {
  const gate = openGate(kind)
  const { create, requestFor, history, expectRefused, expectServed } = gate

  describe('without an Origin', () => {
    it('O44: a same-origin page is served where the server’s own origin is listed', async () => {
      await expectServed(
        gate.widget,
        [
          ['Sec-Fetch-Site', 'same-origin'],
          ['Sec-Fetch-Mode', 'cors'],
        ],
        null,
      )
      const made = await create({ allowedDomains: ['example.com'] })
      await expectRefused(made, [
        ['Sec-Fetch-Site', 'same-origin'],
        ['Sec-Fetch-Mode', 'cors'],
      ])
    })

    it.each(['cross-site', 'same-site', 'none', '', 'same-origin, same-origin', 'SAME-ORIGIN'])(
      'O44: Sec-Fetch-Site "%s" is refused, for api tokens too',
      async (site) => {
        const headers: RawHeaders = [
          ['Sec-Fetch-Site', site],
          ['Referer', 'https://example.com/'],
        ]
        await expectRefused(gate.widget, headers)
        await expectRefused(gate.api, headers)
      },
    )

    it.each(['https://example.com/', 'https://example.com/a?b=c', 'https://a.example.org/', 'http://localhost:3000/x'])(
      'O45: the Referer %s is served',
      async (referer) => {
        await expectServed(gate.widget, [['Referer', referer]], null)
      },
    )

    it.each([
      'https://evil.example/',
      'https://evil.example/?https://example.com/',
      'https://example.com@evil.example/',
      'https://example.com.evil.example/',
      'http://example.com/',
      'https://www.example.com/',
      'example.com',
      'about:blank',
      'data:text/html,https://example.com/',
      'null',
      '',
    ])('O45: the Referer "%s" is refused, for api tokens too', async (referer) => {
      await expectRefused(gate.widget, [['Referer', referer]])
      await expectRefused(gate.api, [['Referer', referer]])
    })

    const curl: RawHeaders = [
      ['User-Agent', 'curl/8.5.0'],
      ['Accept', '*/*'],
    ]

    it('O45, O47: a program is served with an api token and refused with a widget token', async () => {
      await expectServed(gate.api, curl, null)
      await expectRefused(gate.widget, curl)
    })

    it('O47: a program that forges an allowed Origin is served: the list is no authentication', async () => {
      await expectServed(gate.widget, [...curl, ['Origin', 'https://example.com']], 'https://example.com')
    })
  })

  describe('O48: what a request says about its address', () => {
    const claims: RawHeaders = [
      ['X-Forwarded-Host', 'example.com'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['Forwarded', 'for=127.0.0.1;host=example.com;proto=https'],
      ['X-Original-Host', 'example.com'],
      ['X-Original-URL', '/conversation/history'],
      ['X-Http-Method-Override', 'GET'],
    ]
    let elsewhere: CreatedToken
    beforeAll(async () => {
      elsewhere = await create({ allowedDomains: ['example.com'] })
      await expectServed(elsewhere, [['Origin', 'https://example.com']], 'https://example.com')
    })

    it.each<[string, RawHeaders]>([
      [
        'another origin',
        [
          ['Origin', 'https://evil.example'],
          ['Referer', 'https://example.com/'],
        ],
      ],
      [
        'the same origin',
        [
          ['Sec-Fetch-Site', 'same-origin'],
          ['Referer', 'https://example.com/'],
        ],
      ],
      [
        'another site',
        [
          ['Sec-Fetch-Site', 'cross-site'],
          ['Referer', 'https://example.com/'],
        ],
      ],
      ['a program', []],
    ])('lets nobody in: %s', async (_, headers) => {
      await expectRefused(elsewhere, [['Host', 'example.com'], ...claims, ...headers])
      const asked = gate.place.asked.length
      for (const [method, path] of endpoints) {
        for (const base of ['http://example.com', 'https://example.com', 'https://example.com:443']) {
          const request = requestFor(elsewhere, [method, path], [...claims, ...headers])
          const answer = await gate.wire.raw({ ...request, target: base + request.target })
          expect(answer.status).toBe(403)
          expect(answer.header('access-control-allow-origin')).toBeNull()
        }
      }
      expect(gate.place.asked.slice(asked)).toEqual([])
    })

    it('keeps nobody out: an allowed page, whatever the Host', async () => {
      const headers: RawHeaders = [
        ['Origin', 'https://example.com'],
        ['Referer', 'https://evil.example/'],
        ...claims.map(([name, value]): [string, string] => [name, value.replace('example.com', 'evil.example')]),
      ]
      await expectServed(elsewhere, [['Host', 'evil.example'], ...headers], 'https://example.com')
      const request = requestFor(elsewhere, ['GET', '/conversation/history'], headers)
      const answer = await gate.wire.raw({ ...request, target: `http://evil.example${request.target}` })
      expect([answer.status, answer.header('access-control-allow-origin')]).toEqual([200, 'https://example.com'])
      const old = await gate.wire.raw({ ...request, version: '1.0' })
      expect([old.status, old.header('access-control-allow-origin')]).toEqual([200, 'https://example.com'])
    })

    it.each([
      '[',
      'a b',
      'example.com/conversation/history?',
      'x?integrationToken=1',
      '%',
      'ü',
      '',
      'example.com:99999',
    ])('a Host that is none, "%s", changes nothing', async (host) => {
      const served = await history(elsewhere, [
        ['Host', host],
        ['Origin', 'https://example.com'],
      ])
      // Node's own parser may refuse such a head before anybody sees it.
      expect([200, 400]).toContain(served.status)
      const refused = await history(elsewhere, [
        ['Host', host],
        ['Sec-Fetch-Site', 'same-origin'],
      ])
      expect([403, 400]).toContain(refused.status)
      expect(refused.body).not.toContain(canary)
    })
  })
})
