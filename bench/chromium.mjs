/** The browser that benchmarks run in, and a static site for its pages. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { chromium } from 'playwright'
import { findTool } from '../scripts/tools.mjs'

/** @returns {Promise<import('playwright').Browser>} */
export function launch() {
  const executablePath = findTool('chromium')
  if (executablePath === undefined) throw new Error('There is no Chromium. `npm test` installs it or says how.')
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  return chromium.launch({ executablePath, args: [...args, '--disable-component-update', '--disable-sync'] })
}

/**
 * Serves files out of memory, by path.
 *
 * @param {Record<string, { body: string | Buffer, type: string }>} files
 */
export async function startSite(files) {
  const server = createServer(({ url = '/' }, response) => {
    const file = files[url.split('?')[0] ?? '']
    response.writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain' }).end(file?.body)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { url: `http://localhost:${port}`, close: () => server.close() }
}

/**
 * Starts the built server on a free port.
 *
 * @returns {Promise<{ url: string, token: string, stop: () => void }>}
 */
export function startLumika() {
  const child = spawn(process.execPath, ['dist/cli.js', 'serve', '--port', '0', '--storage', 'memory'])
  let text = ''
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`lumika serve ended:\n${text}`)))
    child.stdout.on('data', (chunk) => {
      text += chunk
      const url = /^lumika listening on (\S+)$/m.exec(text)?.[1]
      const token = /data-integration-token="([^"]+)"/.exec(text)?.[1]
      if (url && token) resolve({ url, token, stop: () => child.kill() })
    })
  })
}

/**
 * Counters of Chromium's main thread: seconds of tasks and scripts, bytes of heap.
 *
 * @param {import('playwright').CDPSession} devtools
 */
export async function metricsOf(devtools) {
  const { metrics } = await devtools.send('Performance.getMetrics')
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
}
