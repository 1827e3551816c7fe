/** `/widget/config`: look and texts that were set for an integration, for its pages. */
import type { H3 } from 'h3'
import { FastResponse } from 'srvx'
import { paths, tellByLanguage } from '../../protocol.ts'
import type { Integration, WidgetLook } from '../access/integration.ts'
import { isKnown } from '../assets.ts'
import type { Attachments } from '../attachments/contract.ts'
import { sha256 } from '../random.ts'
import type { HeaderList } from './answers.ts'
import { gated } from './gate.ts'
import type { Caller, GateOptions } from './gate.ts'

/** What is public of an integration. Named one by one: whatever else is stored beside it, one day, stays here. */
const names = [
  ...(['title', 'greeting', 'placeholder', 'accent', 'position', 'theme'] as const),
  ...(['radius', 'font', 'size', 'offset', 'zIndex', 'invite'] as const),
  ...(['texts', 'hours', 'form'] as const),
  ...(['locale', 'launcher', 'imageHosts', 'pollInterval'] as const),
  ...(['rating', 'feedback', 'sound', 'titleCount'] as const),
] satisfies (keyof WidgetLook)[]

/** An answer, ready to be sent. */
interface Prepared {
  body: string
  etag: string
}

/** What this route needs. */
export interface ConfigRoutesOptions extends GateOptions {
  /** null: this server keeps no files. */
  attachments: Pick<Attachments, 'maxBytes'> | null
}

/** Adds the route to the app. */
export function configRoutes(app: H3, options: ConfigRoutesOptions): void {
  // Integrations are never changed in place, so what was made of one holds for as long as it is there.
  const known = new WeakMap<Integration, Promise<Prepared>>()

  const config = async ({ request, integration, headers }: Caller): Promise<Response> => {
    const prepared = known.get(integration) ?? prepare(integration, options.attachments?.maxBytes)
    known.set(integration, prepared)
    const { body, etag } = await prepared
    const all: HeaderList = [...headers, ...kept, ['etag', `"${etag}"`]]
    if (isKnown(request.headers.get('if-none-match'), etag))
      return new FastResponse(null, { status: 304, headers: all })
    return new FastResponse(body, { headers: [['content-type', 'application/json; charset=utf-8'], ...all] })
  }

  app.all(paths.config, gated(options, { methods: ['GET'], sends: false }, config))
}

/** @param attachmentBytes what a file may hold; undefined: no files are taken */
async function prepare(
  { widget, attachments, visitorErase = true }: Integration,
  attachmentBytes: number | undefined,
): Promise<Prepared> {
  const look = Object.fromEntries(names.flatMap((name) => (name in widget ? [[name, widget[name]]] : [])))
  const body = JSON.stringify({
    widget: {
      ...tellByLanguage(look),
      ...(attachments && attachmentBytes !== undefined && { attachments, attachmentBytes }),
      ...(!visitorErase && { erase: false }),
    },
  })
  return { body, etag: (await sha256(body)).slice(0, 22) }
}

/** By the visitor's browser alone: who may read it depends on the page. A change is seen within five minutes. */
const kept: HeaderList = [
  ['cache-control', 'private, max-age=300, stale-while-revalidate=86400'],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
]
