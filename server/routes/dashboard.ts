/** `/dashboard`: the operators' app. One page for all its addresses, and its modules and styles beside it. */
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

const indexPath = '/dashboard/index.html'

/** Adds the routes to the app. */
export function dashboardRoutes(app: H3, { assets }: DashboardRoutesOptions): void {
  const serve = ({ req: request, url }: { req: Request; url: URL }): Response => {
    const isFile = url.pathname.startsWith('/dashboard/assets/')
    const asset = assets.get(isFile ? url.pathname : indexPath)
    if (!asset) throw new HttpError(404, 'not_found', 'There is nothing here.')
    const response = serveAsset(request, asset)
    if (isFile) return response
    response.headers.delete('access-control-allow-origin')
    for (const [name, value] of Object.entries(pageHeaders)) response.headers.set(name, value)
    return response
  }
  app.get('/dashboard', serve)
  app.get('/dashboard/**', serve)
}
