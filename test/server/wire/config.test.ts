/** `/widget/config`: what pages may know of an integration, and nobody else. */
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WidgetLook } from '../../../server/access/integration.ts'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { languages } from '../../../protocol.ts'
import { openPlace, openWorld, operatorKey } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { openWire } from './socket.ts'
import type { RawHeaders, Wire } from './socket.ts'

const look: WidgetLook = {
  ...{ title: 'Ask us', greeting: 'Good day', placeholder: 'Your question', accent: '#0a7f5c', position: 'left' },
  ...{
    theme: 'dark',
    locale: 'pt-BR',
    launcher: true,
    imageHosts: ['img.example.com', 'localhost:9000'],
    pollInterval: 30,
  },
  ...{ radius: 0, font: 'Inter, serif', size: 'large', offset: '24x80', zIndex: 500 },
  invite: [{ text: { en: 'May we help?' }, after: 5, url: '/shop/*', once: true }],
  ...{ rating: false, feedback: false, sound: true, titleCount: true },
}
const page: RawHeaders = [['Origin', 'https://shop.example']]

describe('section 7: /widget/config', () => {
  let place: Place
  let world: World
  let wire: Wire
  let made: CreatedToken
  const logged: unknown[] = []
  beforeEach(async () => {
    place = await openPlace('memory')
    const note = (...line: unknown[]) => void logged.push(line)
    world = await openWorld(place, { log: { info: note, warn: note, error: note }, attachments: { maxBytes: 123_456 } })
    wire = await openWire(world.lumika)
    const settings = { kind: 'widget' as const, allowedDomains: ['shop.example'] }
    made = await world.lumika.registry.create({ name: 'canary-name', ...settings })
  })
  afterEach(async () => {
    await wire.close()
    await world.close()
    await place.dispose()
  })

  const ask = (token: string, headers: RawHeaders = page, method = 'GET') =>
    wire.raw({
      method,
      target: `/widget/config?${new URLSearchParams({ integrationToken: token }).toString()}`,
      headers,
    })
  const patch = (widget: object) => {
    const headers: RawHeaders = [
      ['Authorization', `Bearer ${operatorKey}`],
      ['Content-Type', 'application/json'],
    ]
    const target = `/api/integrations/${made.integration.id}`
    return wire.raw({ method: 'PATCH', target, headers, body: JSON.stringify({ widget }) })
  }

  it('tells look and texts as the operator has set them, all of them at once, and nothing else', async () => {
    expect(JSON.parse((await ask(made.token)).body)).toEqual({ widget: {} })
    expect((await patch(look)).status).toBe(200)
    const answer = await ask(made.token)
    expect([answer.status, answer.header('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    expect(JSON.parse(answer.body)).toEqual({ widget: look })
    await patch({ title: 'Ask us' })
    expect(JSON.parse((await ask(made.token)).body)).toEqual({ widget: { title: 'Ask us' } })
  })

  it('tells hours, form and texts; a text that is set for all languages and for one gives way to that one', async () => {
    const hours = {
      ...{ timeZone: 'Europe/Berlin', days: [{ day: 1, from: '09:00', to: '24:00' }] },
      offlineText: { de: 'Wir schlafen.' },
    }
    const form = {
      ...{
        intro: { en: 'Who are you?' },
        fields: [{ name: 'name', kind: 'text', label: { en: 'Name' }, required: true }],
      },
      consent: { text: { en: 'I agree.' }, url: 'https://shop.example/terms' },
    }
    const texts = { de: { greeting: 'Moin', outcomes: { human: 'Gleich.' } } }
    expect((await patch({ title: 'All', greeting: 'Hello', texts, hours, form })).status).toBe(200)
    const { widget } = JSON.parse((await ask(made.token)).body) as { widget: Record<string, Record<string, object>> }
    expect(widget).toMatchObject({ title: 'All', hours, form })
    expect(widget['greeting']).toBeUndefined()
    expect(widget['texts']).toEqual({
      '*': { greeting: 'Hello' },
      de: { greeting: 'Moin', outcomes: { human: 'Gleich.' } },
    })
    expect((await patch({ hours: null, form: null })).status).toBe(200)
    expect(JSON.parse((await ask(made.token)).body)).toEqual({ widget: { hours: null, form: null } })
  })

  it.each([
    [{ texts: { xx: {} } }, 'There is no field "xx"'],
    [{ texts: { de: { css: 'x' } } }, 'There is no field "css"'],
    [{ texts: { de: { title: 'x'.repeat(101) } } }, 'widget.texts.de.title:'],
    [{ hours: { timeZone: 'Mars/Olympus', days: [] } }, 'widget.hours.timeZone:'],
    [{ hours: { timeZone: 'UTC', days: [{ day: 8, from: '09:00', to: '10:00' }] } }, 'widget.hours.days.0.day:'],
    [{ hours: { timeZone: 'UTC', days: [{ day: 1, from: '10:00', to: '09:00' }] } }, 'widget.hours.days.0.to:'],
    [{ form: { fields: [{ name: 'a b', kind: 'text', label: { en: 'A' } }] } }, 'widget.form.fields.0.name:'],
    [{ form: { fields: [{ name: 'a', kind: 'text', label: {} }] } }, 'widget.form.fields.0.label:'],
    [{ form: { fields: [{ name: 'a', kind: 'select', label: { en: 'A' } }] } }, 'widget.form.fields.0.options:'],
    [
      { form: { fields: ['a', 'a'].map((name) => ({ name, kind: 'text', label: { en: 'A' } })) } },
      'widget.form.fields:',
    ],
    [{ form: { fields: [], consent: { text: { en: 'A' }, url: 'javascript:alert(1)' } } }, 'widget.form.consent.url:'],
  ])('refuses %j, and names the place', async (widget, place) => {
    const answer = await patch(widget)
    const { error } = JSON.parse(answer.body) as { error: { code: string; message: string } }
    expect([answer.status, error.code]).toEqual([400, 'invalid_request'])
    expect(error.message.startsWith(place)).toBe(true)
  })

  it('takes every word that the widget has, and knows every language it speaks', async () => {
    const { readdirSync, readFileSync } = await import('node:fs')
    const names = readdirSync('widget/locales').filter((file) => file.endsWith('.json'))
    expect(names.map((file) => file.slice(0, -'.json'.length)).sort()).toEqual([...languages])
    // Forms for numbers can't be set.
    const {
      tooLong: _1,
      left: _2,
      ...words
    } = JSON.parse(readFileSync('widget/locales/de.json', 'utf8')) as {
      [name: string]: Record<string, string>
    }
    const { newMessages: _3, ...reading } = words['reading'] ?? {}
    const { tooMany: _4, ...attach } = words['attach'] ?? {}
    // A state that says nothing has no word.
    const { writing: _5, done: _6, ...states } = words['states'] ?? {}
    expect((await patch({ texts: { de: { ...words, states, reading, attach } } })).status).toBe(200)
  })

  it('does not tell what an earlier version has stored beside them', async () => {
    const { token } = await world.lumika.registry.create({
      ...{ name: 'Old', kind: 'widget', widget: { title: 'Hi', css: 'canary' } as WidgetLook },
    })
    expect(JSON.parse((await ask(token)).body)).toEqual({ widget: { title: 'Hi' } })
  })

  it('O49: is kept by the browser for five minutes, asked about by ETag, and readable by the page alone', async () => {
    await patch(look)
    const first = await ask(made.token)
    const etag = first.header('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]{22}"$/)
    const again = await ask(made.token, [...page, ['If-None-Match', etag]])
    expect([again.status, again.body]).toEqual([304, ''])
    await patch({ ...look, title: 'Another' })
    const changed = await ask(made.token, [...page, ['If-None-Match', etag]])
    expect([changed.status, changed.header('etag') === etag]).toEqual([200, false])
    for (const answer of [first, again, changed]) {
      expect(answer.header('cache-control')).toBe('private, max-age=300, stale-while-revalidate=86400')
      expect(answer.header('etag')).toBeTruthy()
      expect(answer.header('access-control-allow-origin')).toBe('https://shop.example')
      expect(answer.header('access-control-allow-credentials')).toBeNull()
      expect(answer.header('vary')).toBe('Origin')
      expect(answer.header('x-content-type-options')).toBe('nosniff')
    }
  })

  it('tells where files are taken, and what one may hold', async () => {
    const { id } = made.integration
    const told = async () => (JSON.parse((await ask(made.token)).body) as { widget: object }).widget
    await world.lumika.registry.update(id, { attachments: true, widget: { title: 'Ask us' } })
    expect(await told()).toEqual({ title: 'Ask us', attachments: true, attachmentBytes: 123_456 })
    await world.lumika.registry.update(id, { attachments: false })
    expect(await told()).toEqual({ title: 'Ask us' })
  })

  it('asks no storage', async () => {
    const before = { ...world.calls }
    await ask(made.token)
    await ask(made.token, [['Origin', 'https://evil.example']])
    expect(world.calls).toEqual(before)
  })

  it('I65: is one and the same 401 for a token that is unknown, revoked, malformed or empty', async () => {
    const { id, tokens } = (await world.lumika.registry.create({ name: 'Gone', kind: 'widget' })).integration
    const gone = tokens[0]?.value ?? ''
    expect((await ask(gone)).status).toBe(200)
    await world.lumika.registry.revokeToken(id, tokens[0]?.id ?? '')
    const answers = await Promise.all(
      [`${made.token.slice(0, -1)}!`, gone, 'x'.repeat(5_000), ''].map((token) => ask(token)),
    )
    const [first] = answers
    expect([first?.status, JSON.parse(first?.body ?? '')]).toMatchObject([401, { error: { code: 'invalid_token' } }])
    for (const answer of answers) {
      expect([answer.status, answer.body]).toEqual([401, first?.body])
      expect(answer.header('cache-control')).toBe('no-store')
      expect(answer.header('etag')).toBeNull()
      // A page has to see that its token is gone.
      expect(answer.header('access-control-allow-origin')).toBe('https://shop.example')
    }
  })

  it('is for GET, by fetch', async () => {
    const posted = await ask(made.token, [...page, ['Content-Type', 'application/x-www-form-urlencoded']], 'POST')
    expect([posted.status, posted.header('allow')]).toEqual([405, 'GET, OPTIONS'])
    const image: RawHeaders = [
      ['Sec-Fetch-Mode', 'no-cors'],
      ['Sec-Fetch-Dest', 'image'],
    ]
    expect((await ask(made.token, image)).status).toBe(403)
  })

  it('G14: says nothing of the token, the integration or its secrets, in answers or in logs', async () => {
    const { tokens, identitySecrets, id } = made.integration
    const secrets = [made.token, id, 'canary', tokens[0]?.hash, identitySecrets[0]?.secret]
    const answers = [await ask(made.token), await ask(made.token, [['Origin', 'https://evil.example']])]
    const told = inspect([answers.map(({ body }) => body), logged], { depth: null })
    for (const secret of secrets) expect(told).not.toContain(secret)
  })
})
