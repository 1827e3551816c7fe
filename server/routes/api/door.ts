/** Who comes to `/api`: by the operator key, or by the Dashboard's cookie from a page of the server's own. */
import { getCookie } from 'h3'
import type { H3Event } from 'h3'
import { keyHolder } from '../../access/operators-checks.ts'
import type { OperatorRole } from '../../access/operators.ts'
import { isOwnPage, isOwnPageOrProgram, ownOrigins } from '../../access/own-origins.ts'
import type { Registry } from '../../access/registry.ts'
import { lifeMs } from '../../access/sessions.ts'
import type { Sessions } from '../../access/sessions.ts'
import { HttpError } from '../../errors.ts'
import { addressKey } from '../../limits/address.ts'
import type { HeaderList } from '../answers.ts'

/** Somebody who was let in. */
export interface Caller {
  /** The id of the account; of whoever has the operator key, a name no account has. */
  id: string
  /** Signs what they do. */
  name: string
  role: OperatorRole
}

/** The door. */
export interface Door {
  /** Lets in whoever may. @throws HttpError 401 `operator_required`, 403 `wrong_origin` */
  enter(event: H3Event): Promise<Caller>
  /** Whoever is there, or nobody. @throws HttpError 403 `wrong_origin` */
  look(event: H3Event): Promise<Caller | null>
  /** Passes what needs no cookie, unless another site's page sends it. @throws HttpError 403 `wrong_origin` */
  checkPage(event: H3Event): void
  /** The secret of the request's session; empty without one. */
  sessionOf(event: H3Event): string
  /** Header fields that give the browser a session, or with null take it away. */
  cookie(secret: string | null): HeaderList
  /** Whether whoever was let in may stay. Such a look is no sign of life. */
  mayStay(event: H3Event): Promise<boolean>
  /** Hears when somebody may have to leave. Returns what ends it. */
  onChange(listener: () => void): () => void
}

/** What a door needs. */
export interface DoorOptions {
  registry: Pick<Registry, 'checkOperatorKey'>
  sessions: Sessions
  /** The address that browsers reach the Dashboard by. */
  publicUrl: string
  /** The address the server listens at, where that is known. */
  listeningUrl?: string | undefined
}

/** Makes the door of a server. */
export function createDoor({ registry, sessions, publicUrl, listeningUrl }: DoorOptions): Door {
  const own = ownOrigins(listeningUrl === undefined ? [publicUrl] : [publicUrl, listeningUrl])
  // The prefix keeps neighbours on other hosts of the domain from setting a cookie of this name.
  const isSecure = new URL(publicUrl).protocol === 'https:'
  const cookieName = `${isSecure ? '__Host-' : ''}lumika_session`

  const headersOf = ({ req: { headers } }: H3Event) => ({
    origin: headers.get('origin'),
    secFetchSite: headers.get('sec-fetch-site'),
  })
  const sessionOf = (event: H3Event): string => getCookie(event, cookieName) ?? ''

  async function find(event: H3Event, isUse: boolean): Promise<{ caller: Caller | null; byCookie: boolean }> {
    const authorization = event.req.headers.get('authorization')
    // Whoever says who they are is taken at their word, not at their browser's.
    if (authorization !== null) {
      const key = /^bearer +(\S+)$/i.exec(authorization.trim())?.[1]
      const isKey = key !== undefined && (await registry.checkOperatorKey(key))
      return { caller: isKey ? keyHolder : null, byCookie: false }
    }
    const operator = await sessions.resolve(sessionOf(event), isUse)
    if (!operator) return { caller: null, byCookie: true }
    const { id, name, role } = operator
    return { caller: { id, name, role }, byCookie: true }
  }

  async function look(event: H3Event): Promise<Caller | null> {
    const { caller, byCookie } = await find(event, true)
    const sends = !['GET', 'HEAD'].includes(event.req.method)
    if (!caller || !byCookie || isOwnPage(headersOf(event), own, sends)) return caller
    if (sends) throw wrongOrigin()
    // What other pages read they read as anybody.
    return null
  }

  return {
    look,
    async enter(event) {
      const caller = await look(event)
      if (caller) return caller
      const message = 'Log in, or send the operator key of this server as Authorization: Bearer <key>.'
      throw new HttpError(401, 'operator_required', message)
    },
    checkPage(event) {
      if (!isOwnPageOrProgram(headersOf(event), own)) throw wrongOrigin()
    },
    sessionOf,
    cookie(secret) {
      const life = secret === null ? 0 : lifeMs / 1000
      const flags = `Path=/; Max-Age=${life}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
      return [['set-cookie', `${cookieName}=${secret ?? ''}; ${flags}`]]
    },
    mayStay: async (event) => (await find(event, false)).caller !== null,
    onChange: sessions.onChange,
  }
}

/** Where a request comes from, as limits count it; null where that is not known. */
export const addressOf = ({ req }: H3Event): string | null => addressKey((req as { ip?: string }).ip)

/** Whether somebody may stay, asked again whenever that may have changed: the signal says that they may not. */
export function watchStay(door: Door, event: H3Event) {
  const out = new AbortController()
  const isAllowed = () => door.mayStay(event).catch(() => false)
  const unwatch = door.onChange(() => {
    void isAllowed().then((may) => {
      if (!may) out.abort()
    })
  })
  return { signal: out.signal, isAllowed, stop: unwatch }
}

const wrongOrigin = (): HttpError =>
  new HttpError(
    403,
    'wrong_origin',
    'This comes from another site. Open the Dashboard by the server’s own address; --public-url sets which one that is.',
  )
