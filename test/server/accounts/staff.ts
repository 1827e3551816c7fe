/** People with accounts, each at a browser of their own. */
import { expect } from 'vitest'
import type { OperatorRole } from '../../../server/access/operators.ts'
import { createScrypt } from '../../../server/index.ts'
import { openWorld, operatorKey } from '../../helpers/world.ts'
import type { Place, World, WorldOptions } from '../../helpers/world.ts'

/** The server's own origin in tests. */
export const home = 'http://localhost:3000'

/** A password that may be set. */
export const password = 'correct horse battery'

/** What a request is made of, beside its path. */
export interface Asked {
  method?: string
  body?: unknown
  headers?: Record<string, string>
}

/** An answer, read. */
export interface Answer<T> {
  status: number
  body: T
  headers: Headers
}

/** A browser that keeps a cookie, with a page of the server's own in it. */
export interface Browser {
  /** As the page asks: with the cookie, the Origin and what else a browser sends. */
  ask<T = Record<string, unknown>>(path: string, asked?: Asked): Promise<Answer<T>>
  /** The same, unread. */
  fetch(path: string, asked?: Asked): Promise<Response>
  /** `name=value` as it is kept; empty without one. */
  cookie: string
}

/** Opens a server whose passwords are real, but made with little effort. */
export const openStaffedWorld = (place: Place, options: WorldOptions = {}): Promise<World> =>
  openWorld(place, { passwords: createScrypt({ logN: 10 }), integration: { kind: 'widget' }, ...options })

/** A browser at a server. */
export function browserAt(world: World): Browser {
  const browser: Browser = {
    cookie: '',
    async fetch(path, { method, body, headers = {} } = {}) {
      const how = method ?? (body === undefined ? 'GET' : 'POST')
      const response = await world.lumika.fetch(
        new Request(`${home}${path}`, {
          method: how,
          headers: {
            ...(how !== 'GET' && { origin: home }),
            'sec-fetch-site': 'same-origin',
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...(browser.cookie && { cookie: browser.cookie }),
            ...headers,
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      )
      const set = response.headers.get('set-cookie')
      if (set !== null) browser.cookie = /Max-Age=0\b/.test(set) ? '' : (set.split(';')[0] ?? '')
      return response
    },
    async ask<T>(path: string, asked?: Asked) {
      const response = await browser.fetch(path, asked)
      const text = await response.text()
      return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T, headers: response.headers }
    },
  }
  return browser
}

/** A browser whose person is the first owner. */
export async function firstOwner(world: World, name = 'Ann'): Promise<Browser> {
  const browser = browserAt(world)
  const made = await browser.ask('/api/operators', { body: { operatorKey, name, password } })
  expect(made).toMatchObject({ status: 201, body: { operator: { name, role: 'owner' } } })
  return browser
}

/** A browser whose person was invited by an owner. */
export async function invited(
  world: World,
  by: Browser,
  { name = 'Ben', role = 'operator' }: { name?: string; role?: OperatorRole } = {},
): Promise<Browser> {
  const { body } = await by.ask<{ url: string }>('/api/invitations', { body: { role } })
  const browser = browserAt(world)
  const invitation = new URL(body.url).hash.slice(1)
  const made = await browser.ask('/api/operators', { body: { invitation, name, password } })
  expect(made).toMatchObject({ status: 201, body: { operator: { name, role } } })
  return browser
}

/** What went wrong: `[status, code]`. */
export const refusal = ({ status, body }: Answer<unknown>): [number, string | undefined] => [
  status,
  (body as { error?: { code: string } } | null)?.error?.code,
]
