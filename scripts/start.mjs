/** `npm start`: builds, then serves. What comes after `--` goes to the server. */
import { spawnSync } from 'node:child_process'

const vite = ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn']
const { status } = spawnSync(process.execPath, vite, { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

// In this process, so that a signal sent to it reaches the server.
process.argv.splice(2, 0, 'serve')
await import(new URL('../dist/cli.js', import.meta.url).href)
