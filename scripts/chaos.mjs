/** `npm run chaos`: builds what is missing, then runs the storms of test/chaos from their sources. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { build, createServer } from 'vite'

const root = resolve(import.meta.dirname, '..')
if (!existsSync(resolve(root, 'dist/cli.js'))) await build({ root, logLevel: 'warn' })

const vite = await createServer({
  root,
  server: { middlewareMode: true, watch: null },
  optimizeDeps: { noDiscovery: true },
})
try {
  const chaos = /** @type {typeof import('../test/chaos/main.ts')} */ (await vite.ssrLoadModule('/test/chaos/main.ts'))
  process.exitCode = await chaos.main(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`))
} finally {
  await vite.close()
}
