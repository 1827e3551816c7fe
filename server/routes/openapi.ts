/** `/openapi.json`: what the server can be asked, for people and programs. */
import type { H3 } from 'h3'
import { FastResponse } from 'srvx'
import { isKnown } from '../assets.ts'
import { sha256 } from '../random.ts'
import type { HeaderList } from './answers.ts'
import { describeApi } from './openapi/document.ts'

/** Adds the route to the app. */
export function openapiRoutes(app: H3): void {
  // Made when somebody asks for the first time; it never changes.
  let prepared: Promise<{ body: string; etag: string }> | undefined

  app.get('/openapi.json', async ({ req: request }) => {
    const { body, etag } = await (prepared ??= prepare())
    const all: HeaderList = [...headers, ['etag', `"${etag}"`]]
    if (isKnown(request.headers.get('if-none-match'), etag))
      return new FastResponse(null, { status: 304, headers: all })
    return new FastResponse(body, { headers: [['content-type', 'application/json; charset=utf-8'], ...all] })
  })
}

async function prepare() {
  const body = JSON.stringify(describeApi())
  return { body, etag: (await sha256(body)).slice(0, 22) }
}

const headers: HeaderList = [
  ['cache-control', 'public, max-age=300'],
  ['access-control-allow-origin', '*'],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
]
