/**
 * `npm run --silent sbom`: prints what a built Lumika consists of, as a CycloneDX document: every package that is installed
 * with it, and those whose code is in `dist`. Written from the lockfile: `npm sbom --omit dev` leaves out whatever a
 * development tool needs as well, and knows nothing of what is built in.
 */
import { readFileSync } from 'node:fs'
import { nameOf } from './lockfile.mjs'

/** Development dependencies whose code is in `dist`. A test compares them with what the sources import. */
export const bundled = ['bits-ui', 'idb-keyval', 'marked', 'svelte']

/** What these bring along into `dist`. */
export const carried = [
  '@floating-ui/core',
  '@floating-ui/dom',
  '@floating-ui/utils',
  'clsx',
  'inline-style-parser',
  'runed',
  'style-to-object',
  'svelte-toolbelt',
  'tabbable',
]

/**
 * @param {import('./lockfile.mjs').Lockfile} lockfile
 */
export function billOf({ packages }) {
  const { '': own, ...others } = packages
  const components = Object.entries(others)
    .filter(([path, { dev, devOptional }]) => !(dev || devOptional) || isBuiltIn(nameOf(path)))
    .map(([path, { version, license, integrity = '' }]) => ({
      'bom-ref': path,
      ...identityOf(nameOf(path), version),
      scope: 'required',
      hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') }],
      licenses: [license ?? unnamed[nameOf(path)]].flatMap((expression) => (expression ? [{ expression }] : [])),
    }))
  const component = identityOf(own?.name ?? '', own?.version)
  return { bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, metadata: { component }, components }
}

/**
 * The licenses of packages whose manifest names none; their LICENSE file does.
 *
 * @type {Record<string, string>}
 */
const unnamed = { 'svelte-toolbelt': 'MIT' }

/** @param {string} name */
const isBuiltIn = (name) => bundled.includes(name) || carried.includes(name)

/**
 * @param {string} name
 * @param {string | undefined} version
 */
const identityOf = (name, version) => ({
  type: 'library',
  name,
  version,
  purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
})

if (process.argv[1] === import.meta.filename) {
  process.stdout.write(`${JSON.stringify(billOf(JSON.parse(readFileSync('package-lock.json', 'utf8'))), null, 2)}\n`)
}
