/** Who may call, by where a request comes from: bytes on a socket in, and nothing but a refusal out. */
import { describe, expect, it, vi } from 'vitest'
import type { ErrorBody } from '../../../protocol.ts'
import { storages } from '../../helpers/world.ts'
import { openGate } from './gate.ts'
import type { Card } from './gate.ts'
import type { RawHeaders } from './socket.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('origins on the wire, on %s', (kind) => {
  const gate = openGate(kind)
  const { create, expectRefused, expectServed, operator } = gate

  describe('with an Origin', () => {
    it.each([
      ['O36', 'https://evil-example.com'],
      ['O36', 'https://example.com.evil.com'],
      ['O36', 'https://notexample.com'],
      ['O36', 'https://example.com@evil.com'],
      ['O36', 'https://example.comx'],
      ['O37', 'https://www.example.com'],
      ['O37', 'https://example.org'],
      ['O37', 'https://xexample.org'],
      ['O37', 'https://.example.org'],
      ['O38', 'http://example.com'],
      ['O38', 'http://a.example.org'],
      ['O38', 'https://example.com:8443'],
      ['O38', 'https://a.example.org:8443'],
      ['O38', 'http://localhost:3001'],
      ['O38', 'http://localhost'],
      ['O39', 'null'],
      ['O40', 'https://EXAMPLE.com'],
      ['O40', 'HTTPS://example.com'],
      ['O40', 'https://example.com.'],
      ['O40', 'https://user@example.com'],
      ['O40', 'https://user:password@example.com'],
      ['O40', 'https://example.com/'],
      ['O40', 'https://example.com/path'],
      ['O40', 'https://example.com?'],
      ['O40', 'https://example.com#'],
      ['O40', 'https://example%2ecom'],
      ['O40', Buffer.from('https://example。com').toString('latin1')],
      ['O40', 'https://example\xffcom'],
      ['O40', 'https://example.com, https://example.com'],
      ['O40', 'https://example.com https://evil.com'],
      ['O40', 'https:example.com'],
      ['O40', '//example.com'],
      ['O40', 'example.com'],
      ['O40', 'blob:https://example.com'],
      ['O40', 'file://'],
      ['O40', 'NULL'],
      ['O40', ''],
      ['O38, O40', 'https://example.com:443'],
      ['O41', new URL('https://еxample.com').origin],
      ['O42', 'http://[::1]:3000'],
      ['O42', 'http://127.0.0.1:3000'],
      ['O42', 'http://127.1:3000'],
    ])('%s: %j is refused, without a trace', async (_, origin) => {
      await expectRefused(gate.widget, [['Origin', origin]])
      await expectRefused(gate.api, [['Origin', origin]])
    })

    it.each<[string, RawHeaders]>([
      [
        'twice the same',
        [
          ['Origin', 'https://example.com'],
          ['Origin', 'https://example.com'],
        ],
      ],
      [
        'a listed one first',
        [
          ['Origin', 'https://example.com'],
          ['origin', 'https://evil.example'],
        ],
      ],
      [
        'a listed one last',
        [
          ['Origin', 'https://evil.example'],
          ['ORIGIN', 'https://example.com'],
        ],
      ],
      [
        'an empty one and a listed one',
        [
          ['Origin', ''],
          ['Origin', 'https://example.com'],
        ],
      ],
    ])('O40: two Origin headers, %s, are refused', async (_, headers) => {
      await expectRefused(gate.widget, headers)
    })

    it('O40: an Origin of 10 KB is refused', async () => {
      await expectRefused(gate.widget, [['Origin', `https://${'a'.repeat(10_000)}.example.org`]])
      await expectRefused(gate.widget, [['Origin', `https://${'a.'.repeat(5_000)}example.org`]])
    })

    it.each([
      ['O36', 'https://example.com'],
      ['O37', 'https://a.example.org'],
      ['O37', 'https://a.b.example.org'],
      ['O38', 'http://localhost:3000'],
      ['O38', 'https://localhost:3000'],
    ])('%s: %s is served', async (_, origin) => {
      await expectServed(gate.widget, [['Origin', origin]], origin)
    })

    it.each([
      ['O38', 'http://example.com', 'http://example.com', 'https://example.com'],
      ['O38', 'example.com:8443', 'https://example.com:8443', 'https://example.com'],
      ['O38', 'example.com:443', 'https://example.com', 'https://example.com:8443'],
      ['O39', 'null', 'null', 'https://example.com'],
      ['O41', 'bücher.example', 'https://xn--bcher-kva.example', 'https://bcher.example'],
      ['O41', 'xn--bcher-kva.example', 'https://xn--bcher-kva.example', 'https://xn--bcher-kv.example'],
      ['O42', '[0:0:0:0:0:0:0:1]:3000', 'http://[::1]:3000', 'http://[::1]:3001'],
      ['O42', '127.0.0.1', 'http://127.0.0.1:5173', 'http://127.1:5173'],
      ['O43', '  HTTPS://Example.COM/ ', 'https://example.com', 'http://example.com'],
      ['O43', 'example.com.', 'https://example.com', 'https://example.com.'],
    ])('%s: the entry %j lets in %s and not %s', async (_, entry, origin, other) => {
      const made = await create({ allowedDomains: [entry] })
      await expectServed(made, [['Origin', origin]], origin)
      await expectRefused(made, [['Origin', other]])
    })

    it('O39: an integration that lists null is told what that means', async () => {
      const { integration } = await create({ allowedDomains: ['null'] })
      const card = await operator('GET', `/api/integrations/${integration.id}`)
      expect((JSON.parse(card.body) as Card).integration.warnings.join()).toContain('`null`')
    })
  })

  describe('the list', () => {
    it.each(['', ' ', 'example.com/path', '*', '*.com', '*.org', '*.co.uk', 'co.uk', '*.*.example.com', 'a b.example'])(
      'O37, O43: the entry %j is refused when it is saved',
      async (entry) => {
        const body = { name: 'Shop', kind: 'widget', allowedDomains: ['example.com', entry] }
        const answer = await operator('POST', '/api/integrations', body)
        expect([answer.status, (JSON.parse(answer.body) as ErrorBody).error.code]).toEqual([422, 'invalid_domain'])
        const before = gate.world.lumika.registry.get(gate.widget.integration.id)
        const path = `/api/integrations/${gate.widget.integration.id}`
        expect((await operator('PATCH', path, { allowedDomains: [entry] })).status).toBe(422)
        expect(gate.world.lumika.registry.get(gate.widget.integration.id)).toEqual(before)
      },
    )

    it('O43: an empty list lets any origin in, and says so; the opaque one it does not', async () => {
      const made = await create({ allowedDomains: [] })
      await expectServed(made, [['Origin', 'https://any.example']], 'https://any.example')
      await expectServed(made, [], null)
      await expectRefused(made, [['Origin', 'null']])
      const card = await operator('GET', `/api/integrations/${made.integration.id}`)
      expect((JSON.parse(card.body) as Card).integration.warnings.join()).toContain('Every website')
    })

    it.each([['example.com'], [{ 0: 'example.com' }], [null], [[42]], [['%%%']], [[null, 'example.com']]])(
      'O43: a stored list that cannot be read, %j, lets nobody in',
      async (allowedDomains) => {
        const made = await create({})
        const integration = { ...made.integration, allowedDomains }
        await gate.place.log.append('~registry', 'public', { type: 'integration', integration })
        await expect
          .poll(() => gate.world.lumika.registry.get(made.integration.id)?.allowedDomains, { timeout: 10_000 })
          .toEqual(allowedDomains)
        for (const headers of [[['Origin', 'https://example.com']], []] satisfies RawHeaders[]) {
          await expectRefused(made, headers)
        }
      },
    )
  })
})
