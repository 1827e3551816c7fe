/** Lists which acceptance cases are named by test titles, and in which files. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** @type {Map<string, Set<string>>} */
const cases = new Map()
for (const name of readdirSync('test', { recursive: true, encoding: 'utf8' })) {
  if (!/\.(test|suite)\.ts$/.test(name)) continue
  const text = readFileSync(join('test', name), 'utf8')
  // Titles may stand in tables, so any text counts that begins with cases and a colon.
  for (const [, named = ''] of text.matchAll(/['"`]([A-Z]\d{1,3}(?:(?:, | and | to )[A-Z]\d{1,3})*):/g)) {
    for (const id of idsIn(named)) cases.set(id, (cases.get(id) ?? new Set()).add(name))
  }
}

const byName = new Intl.Collator('en', { numeric: true })
const rows = [...cases].sort(([a], [b]) => byName.compare(a, b))
for (const [id, files] of rows) process.stdout.write(`${id.padEnd(5)} ${[...files].sort().join(', ')}\n`)
process.stdout.write(`${rows.length} cases\n`)

/**
 * `G11, X66 to X68` is G11, X66, X67 and X68.
 *
 * @param {string} named
 * @returns {string[]}
 */
function idsIn(named) {
  return [...named.matchAll(/([A-Z])(\d{1,3})(?: to [A-Z](\d{1,3}))?/g)].flatMap(
    ([, letter = '', from = '', to = from]) =>
      Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => `${letter}${Number(from) + i}`),
  )
}
