/** The one way to our server: JSON there, JSON or a stream of it back, and one kind of error. */
import { eventsIn } from './events.ts'

/** What went wrong with a call. The message is made to be shown. */
export class ApiError extends Error {
  override name = 'ApiError'
  /** The server's code; `offline` when it was not reached. */
  readonly code: string
  /** The HTTP status; 0 when the server was not reached. */
  readonly status: number

  constructor(code: string, status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.status = status
  }
}

/** Values of a query; what is empty is left out. */
export type Query = Record<string, string | number | null | undefined>

/** The calls. All throw ApiError, and pass on the AbortError of a signal. */
export interface Api {
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T>
  post<T>(path: string, body?: object): Promise<T>
  /** Posts a file as it is. */
  upload<T>(path: string, query: Query, file: Blob): Promise<T>
  patch<T>(path: string, body: object): Promise<T>
  delete<T = void>(path: string): Promise<T>
  /** Posts, and gives the events of the answer as they come. */
  stream<T>(path: string, body: object, signal: AbortSignal): AsyncGenerator<T, void, undefined>
}

/** Options of `createApi`. */
export interface ApiOptions {
  /** Told when a call was answered with 401: the session is over. */
  onLoggedOut: () => void
  /** Told whether the server was reached, after every call. */
  onReached: (isReached: boolean) => void
  /** @default the page's own */
  fetch?: typeof globalThis.fetch
}

/** What goes along with a call. */
interface Request {
  query?: Query
  body?: object
  /** In the place of `body`. */
  file?: Blob
  signal?: AbortSignal
}

/** Makes the calls. Paths are relative to `/api/`. */
export function createApi(options: ApiOptions): Api {
  const { onLoggedOut, onReached, fetch = globalThis.fetch.bind(globalThis) } = options

  async function call<T>(method: string, path: string, init: Request) {
    const response = await reach(method, path, init)
    const text = await response.text().catch(() => '')
    if (response.ok) return (text ? JSON.parse(text) : undefined) as T
    throw refusal(response.status, text)
  }

  async function* stream<T>(path: string, body: object, signal: AbortSignal) {
    const response = await reach('POST', path, { body, signal })
    if (!response.ok || !response.body) throw refusal(response.status, await response.text().catch(() => ''))
    yield* eventsIn<T>(response.body)
  }

  function refusal(status: number, text: string): ApiError {
    const error = errorOf(status, text)
    if (status === 401 && error.code === 'operator_required') onLoggedOut()
    return error
  }

  async function reach(method: string, path: string, init: Request) {
    const { query = {}, body, file, signal } = init
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value) search.set(name, `${value}`)
    try {
      const response = await fetch(`/api/${path}${search.size > 0 ? `?${search}` : ''}`, {
        method,
        credentials: 'same-origin',
        ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
        ...(file && { body: file }),
        ...(signal && { signal }),
      })
      onReached(true)
      return response
    } catch (error) {
      if (signal?.aborted) throw error
      onReached(false)
      const message = 'The server cannot be reached. Nothing is lost: check your connection and try again.'
      throw new ApiError('offline', 0, message, { cause: error })
    }
  }

  return {
    get: (path, query = {}, signal) => call('GET', path, { query, ...(signal && { signal }) }),
    // Without a body the server takes no content type, and needs none.
    post: (path, body) => call('POST', path, { body: body ?? {} }),
    upload: (path, query, file) => call('POST', path, { query, file }),
    patch: (path, body) => call('PATCH', path, { body }),
    delete: (path) => call('DELETE', path, {}),
    stream,
  }
}

function errorOf(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } }
    return new ApiError(error.code, status, error.message)
  } catch {
    // A proxy in between has answered with a page of its own.
    return new ApiError('unexpected', status, `The server answered with ${status}. Try again in a moment.`)
  }
}

/** What to tell a person about anything that was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof ApiError ? error.message : 'Something went wrong here. Reload the page, and try again.'
