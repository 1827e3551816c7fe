/** Somebody's own website: static pages on a localhost port of their own, and so on an origin of their own. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A page of the site. */
export interface SitePage {
  body: string
  /** @default 'text/html; charset=utf-8' */
  type?: string
  headers?: Record<string, string>
}

/** A running site. */
export interface Site {
  url: string
  /** Puts a page at a path, and returns its address. */
  put(path: string, page: SitePage): string
  /** The bodies of what was posted to it, such as a browser's reports. */
  posted: string[]
  close(): Promise<void>
}

/** The documents' script tag. */
export const scriptTag = (serverUrl: string, token: string, attributes = ''): string => `<script
  src="${serverUrl}/widget.js"
  data-integration-token="${token}"${attributes && `\n  ${attributes}`}
></script>`

/** An ordinary page with something in its body. */
export const htmlPage = (body: string, { head = '', attributes = 'lang="en"' } = {}): string =>
  `<!doctype html>
<html ${attributes}>
  <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A site</title>${head}</head>
  <body><h1>A site</h1>${body}</body>
</html>`

/** Starts an empty one. */
export async function startSite(): Promise<Site> {
  const pages = new Map<string, SitePage>()
  const posted: string[] = []
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      const at = posted.push('') - 1
      request.on('data', (chunk: Buffer) => (posted[at] += chunk.toString()))
      return void response.writeHead(204).end()
    }
    const page = pages.get(new URL(request.url ?? '/', 'http://localhost').pathname)
    // Browsers ask for /favicon.ico by themselves, and complain where there is none.
    if (!page) return void response.writeHead(request.url === '/favicon.ico' ? 204 : 404).end()
    response.writeHead(200, { 'content-type': page.type ?? 'text/html; charset=utf-8', ...page.headers })
    response.end(page.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    url,
    put(path, page) {
      pages.set(path, page)
      return url + path
    },
    posted,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
