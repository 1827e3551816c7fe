/**
 * What a benchmark is, and how its figures are shown. Times of one machine say little; what holds is how many times as
 * much as a baseline that was measured in the same minute.
 *
 * @typedef {object} Row
 * @property {string} what
 * @property {number} value the median
 * @property {string} unit
 * @property {number} [baseline] the same, of the bare minimum
 *
 * @typedef {object} Bench
 * @property {string} title
 * @property {() => Promise<Row[]>} run
 */

/** @param {Row[]} rows */
export function printTable(rows) {
  const lines = rows.map(({ what, value, unit, baseline }) => [
    what,
    `${short(value)} ${unit}`,
    baseline === undefined ? '' : `${short(baseline)} ${unit}`,
    baseline === undefined ? 'baseline' : `${short(value / baseline)} x`,
  ])
  const all = [['', 'here', 'baseline', 'ratio'], ...lines]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((line) => line[column]?.length ?? 0)))
  for (const line of all) {
    const cells = line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    process.stdout.write(`  ${cells.join('  ').trimEnd()}\n`)
  }
}

/** @param {number[]} numbers */
export function median(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

/**
 * Takes turns, so that whatever slows the machine down slows down all alike.
 *
 * @template {string} Name
 * @param {Record<Name, () => Promise<number>>} measures
 * @param {number} rounds
 * @returns {Promise<Record<Name, number>>} the median of each
 */
export async function alternate(measures, rounds) {
  const names = /** @type {Name[]} */ (Object.keys(measures))
  const taken = /** @type {Record<string, number[]>} */ (Object.fromEntries(names.map((name) => [name, []])))
  for (let round = 0; round < rounds; round++) {
    for (const name of names) taken[name]?.push(await measures[name]())
  }
  return /** @type {Record<Name, number>} */ (
    Object.fromEntries(names.map((name) => [name, median(taken[name] ?? [])]))
  )
}

/** @param {number} number */
const short = (number) => (number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2))
