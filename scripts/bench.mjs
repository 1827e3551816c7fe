/** `npm run bench [name …]`: measures, beside a baseline in the same run, and prints ratios. Builds what is missing. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
if (!existsSync(resolve(root, 'dist/cli.js'))) {
  const { status } = spawnSync('npm', ['run', 'build'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const suffix = '.bench.mjs'
const files = readdirSync(resolve(root, 'bench')).filter((file) => file.endsWith(suffix))
const known = files.map((file) => file.slice(0, -suffix.length))
const names = process.argv.slice(2)
const strangers = names.filter((name) => !known.includes(name))
if (strangers.length > 0) {
  process.stderr.write(`There is no benchmark ${strangers.join(', ')}. There are ${known.join(', ')}.\n`)
  process.exit(2)
}

for (const name of names.length > 0 ? names : known) {
  /** @type {import('../bench/table.mjs').Bench} */
  const { title, run } = await import(`../bench/${name}${suffix}`)
  process.stdout.write(`\n${title}\n`)
  const { printTable } = await import('../bench/table.mjs')
  printTable(await run())
}
