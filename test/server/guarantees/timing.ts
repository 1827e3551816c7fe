/**
 * Whether two requests take the same time. Speed is never shown by a timed test, because a busy machine decides it; this is
 * about equality, and there the machine can be taken out: both requests are made in one run, in turns, in an order drawn
 * by lot, and of each pair it only counts which one took longer. Where they are alike that is a fair coin, on however busy
 * a machine; a lookup that one of them makes and the other does not tips it, however small it is beside the noise.
 */

/** What a comparison came to. */
export interface Comparison {
  /** By how many standard deviations the count of pairs in which `a` took longer is off from a half. */
  z: number
  /** The difference of the medians, `a` less `b`, in milliseconds. */
  median: number
}

/** Beyond this many standard deviations it is no coin: a fair one goes there once in a million comparisons. */
export const FAIR = 5

/** How often each of the two is made. Both together: 2,000 probes in `npm test`, 20,000 in the long tests. */
export const PROBES = process.env['LUMIKA_LONG'] ? 10_000 : 1_000

/** Makes both requests so often, in turns. They get the number of the round. */
export async function compare(
  a: (round: number) => Promise<unknown>,
  b: (round: number) => Promise<unknown>,
  rounds = PROBES,
): Promise<Comparison> {
  const times: [a: number[], b: number[]] = [[], []]
  const timed = async (which: 0 | 1, round: number) => {
    const start = performance.now()
    await (which === 0 ? a : b)(round)
    times[which].push(performance.now() - start)
  }
  // The first ones are compiled and loaded.
  for (let round = 0; round < 50; round++) await Promise.all([a(round), b(round)])
  for (let round = 0; round < rounds; round++) {
    const first = Math.random() < 0.5 ? 0 : 1
    await timed(first, round)
    await timed(first === 0 ? 1 : 0, round)
  }
  const [ofA, ofB] = times
  const longer = ofA.filter((time, round) => time > (ofB[round] ?? 0)).length
  const shorter = ofA.filter((time, round) => time < (ofB[round] ?? 0)).length
  return { z: (longer - shorter) / Math.sqrt(longer + shorter), median: medianOf(ofA) - medianOf(ofB) }
}

function medianOf(times: number[]): number {
  const sorted = times.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
