/** `npm start`: builds, then serves. What comes after `--` goes to the server. */
import { spawnSync } from 'node:child_process'

const shell = process.ppid

const vite = ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn']
const { status } = spawnSync(process.execPath, vite, { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

// npm runs this in a shell that keeps SIGTERM to itself, so the shell's end has to stand for the signal.
const watch = setInterval(() => {
  if (process.ppid === shell) return
  clearInterval(watch)
  process.kill(process.pid, 'SIGTERM')
}, 100)
watch.unref()
// Ctrl-C reaches the shell and the server alike; it must not count twice.
process.once('SIGINT', () => clearInterval(watch))

process.argv.splice(2, 0, 'serve')
await import(new URL('../dist/cli.js', import.meta.url).href)
