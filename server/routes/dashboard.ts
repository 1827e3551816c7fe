/**
 * `/dashboard`: the operators' app. One page for all its addresses, its modules and styles beside it, and
 * `/dashboard/preview`, the page in which it shows the chat.
 */
import type { H3 } from 'h3'
import { serveAsset } from '../assets.ts'
import type { Assets } from '../assets.ts'
import { HttpError } from '../errors.ts'

/** What these routes need. */
export interface DashboardRoutesOptions {
  assets: Assets
}

/**
 * What the page may do. Security: it shows what strangers have written, so nothing runs, looks or connects but what this
 * server has sent as a file; no markup is made from text, and no other site may put the page into a frame.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  // The preview, which is sandboxed.
  "frame-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const pageHeaders = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/**
 * What the preview may do: run the widget, and load its languages. Security: it has an origin of its own even where it is
 * opened by itself, so it has nobody's cookies, stores nothing, and may call nothing that wants to know who asks.
 */
const previewPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  // The event of a form that is sent comes only where forms may be sent; where to, the line above says.
  'sandbox allow-scripts allow-forms',
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const previewHeaders = { ...pageHeaders, 'content-security-policy': previewPolicy, 'x-frame-options': 'SAMEORIGIN' }

const indexPath = '/dashboard/index.html'
const previewPath = '/dashboard/preview'

/** Adds the routes to the app. */
export function dashboardRoutes(app: H3, { assets }: DashboardRoutesOptions): void {
  const serve = ({ req: request, url }: { req: Request; url: URL }): Response => {
    const isFile = url.pathname.startsWith('/dashboard/assets/')
    const isPreview = url.pathname === previewPath
    const asset = assets.get(isFile ? url.pathname : isPreview ? `${previewPath}.html` : indexPath)
    if (!asset) throw new HttpError(404, 'not_found', 'There is nothing here.')
    const response = serveAsset(request, asset)
    if (isFile) return response
    response.headers.delete('access-control-allow-origin')
    for (const [name, value] of Object.entries(isPreview ? previewHeaders : pageHeaders))
      response.headers.set(name, value)
    return response
  }
  app.get('/dashboard', serve)
  app.get('/dashboard/**', serve)
}
