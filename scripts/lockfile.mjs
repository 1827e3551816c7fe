/** What the lockfile has to be: packages that can be told byte by byte, from nowhere in particular, none below a floor. */

/**
 * @typedef {{
 *   name?: string, version?: string, license?: string, resolved?: string, integrity?: string,
 *   dev?: boolean, devOptional?: boolean, link?: boolean, hasInstallScript?: boolean
 * }} Locked
 * @typedef {{ packages: Record<string, Locked> }} Lockfile
 */

/**
 * The lowest versions without a known hole that could concern us. A range in package.json says what we work with, and
 * could be lowered by anybody who tidies up; this says what must not come back.
 */
const floors = { h3: '2.0.8', srvx: '1.0.0', svelte: '5.56.0', devalue: '5.8.1' }

/** unstorage brings an h3 of its own for `unstorage/server`, which nothing here loads: a test sees to that. */
const notLoaded = ['node_modules/unstorage/node_modules/h3']

/**
 * What is wrong with a lockfile, in sentences.
 *
 * @param {Lockfile} lockfile
 * @returns {string[]}
 */
export function problemsOf({ packages }) {
  const problems = []
  for (const [path, { version, resolved, integrity, link, hasInstallScript }] of Object.entries(packages)) {
    if (path === '') continue
    const name = nameOf(path)
    // An address is where npm would fetch from, whatever registry it was told to use.
    if (resolved !== undefined) problems.push(`${path} names an address: ${resolved}`)
    if (link) problems.push(`${path} is a link to a folder`)
    if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '')) problems.push(`${path} has no SHA-512 of its content`)
    if (!/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version ?? '')) problems.push(`${path} is no release: ${version}`)
    if (hasInstallScript) problems.push(`${path} runs a script when it is installed`)
    const floor = Object.entries(floors).find(([known]) => known === name)?.[1]
    if (floor && !notLoaded.includes(path) && !isAtLeast(version ?? '', floor)) {
      problems.push(`${path} is ${version}, below ${floor}`)
    }
  }
  for (const name of ['h3', 'srvx', 'svelte']) {
    if (!packages[`node_modules/${name}`]) problems.push(`${name} is missing, so its floor says nothing`)
  }
  return problems
}

/**
 * A package's name, from its place in the tree.
 *
 * @param {string} path
 */
export const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

/**
 * @param {string} version
 * @param {string} floor a release
 */
export function isAtLeast(version, floor) {
  const [release = '', preview] = version.split('-', 2)
  const [have, want] = [release, floor].map((text) => text.split('.').map(Number))
  for (const [index, number] of (want ?? []).entries()) {
    const own = have?.[index] ?? 0
    if (own !== number) return own > number
  }
  // A preview of a release comes before it.
  return preview === undefined
}
