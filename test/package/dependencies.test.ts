/** What we are built from: packages above their floors, each known by its content, and a list of them that is complete. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isAtLeast, problemsOf } from '../../scripts/lockfile.mjs'
import type { Lockfile } from '../../scripts/lockfile.mjs'
import { bundled, carried } from '../../scripts/sbom.mjs'
import { built, root } from '../helpers/build.ts'
import { importsOf, sourcesIn } from '../helpers/sources.ts'

const read = (name: string): unknown => JSON.parse(readFileSync(`${root}${name}`, 'utf8'))
const lockfile = read('package-lock.json') as Lockfile & { packages: Record<string, { dev?: boolean }> }
const manifest = read('package.json') as Record<
  'dependencies' | 'devDependencies' | 'peerDependencies',
  Record<string, string>
>

describe('F110: the lockfile', () => {
  it('F110: has every package above its floor, with its content’s hash, from no address and without install scripts', () => {
    expect(problemsOf(lockfile)).toEqual([])
    expect(Object.keys(lockfile.packages).length).toBeGreaterThan(100)
  })

  it.each<[string, object, RegExp]>([
    ['h3', { version: '2.0.7' }, /h3 is 2\.0\.7, below 2\.0\.8/],
    ['h3', { version: '2.0.8-rc.1' }, /below 2\.0\.8/],
    ['srvx', { version: '0.11.9' }, /below 1\.0\.0/],
    ['svelte', { version: '5.55.99' }, /below 5\.56\.0/],
    ['devalue', { version: '5.8.0' }, /below 5\.8\.1/],
    ['zod', { resolved: 'https://registry.example/zod.tgz' }, /names an address/],
    ['zod', { version: 'git+ssh://git@git.example/zod.git#1' }, /no release/],
    ['zod', { integrity: undefined }, /no SHA-512/],
    ['zod', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, /no SHA-512/],
    ['zod', { hasInstallScript: true }, /runs a script/],
    ['zod', { link: true }, /link/],
  ])('F110: a lockfile whose %s is %j is refused', (name, change, problem) => {
    const path = `node_modules/${name}`
    const known = lockfile.packages[path]
    expect(known).toBeDefined()
    const packages = { ...lockfile.packages, [path]: { ...known, ...change } }
    expect(problemsOf({ packages })).toEqual([expect.stringMatching(problem)])
  })

  it('F110: a floor counts wherever in the tree a package stands, and cannot vanish with it', () => {
    const nested = { ...lockfile.packages['node_modules/srvx'], version: '0.9.0' }
    expect(problemsOf({ packages: { ...lockfile.packages, 'node_modules/x/node_modules/srvx': nested } })).toHaveLength(
      1,
    )
    const { 'node_modules/h3': _, ...packages } = lockfile.packages
    expect(problemsOf({ packages })).toEqual([expect.stringMatching(/h3 is missing/)])
  })

  it('F110: versions are compared by numbers, and a preview comes before its release', () => {
    expect([isAtLeast('2.0.10', '2.0.8'), isAtLeast('10.0.0', '9.9.9'), isAtLeast('2.1.0', '2.0.8')]).toEqual([
      true,
      true,
      true,
    ])
    expect([isAtLeast('2.0.8', '2.0.8'), isAtLeast('2.0.8-rc.2', '2.0.8'), isAtLeast('1.9.9', '2.0.8')]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('F110: the older h3 that unstorage brings is never loaded', () => {
    const script = `
      import { register } from 'node:module'
      register('data:text/javascript,' + encodeURIComponent(\`
        export async function load(url, context, next) {
          process._rawDebug(url)
          return next(url, context)
        }\`))
      const { createLumika, openStorage } = await import('./dist/server/index.js')
      for (const url of ['redis://127.0.0.1:1', 'redis-cluster://127.0.0.1:1', 'fs:/nowhere']) await openStorage(url)
      const lumika = await createLumika({ storage: await openStorage('memory') })
      console.log((await lumika.fetch(new Request('http://localhost/health'))).status)
      process.exit()`
    const args = ['--no-warnings', '--input-type=module', '-e', script]
    const run = spawnSync(process.execPath, args, { cwd: dirname(built('package.json')), encoding: 'utf8' })
    expect(run.stdout).toBe('200\n')
    const loaded = run.stderr.split('\n')
    for (const name of ['h3', 'unstorage', 'ioredis']) expect(loaded.join('\n')).toContain(`/node_modules/${name}/`)
    expect(loaded.filter((url) => url.includes('/unstorage/node_modules/'))).toEqual([])
  })
})

describe('F110: the bill of materials', () => {
  const run = spawnSync(process.execPath, ['scripts/sbom.mjs'], { cwd: root, encoding: 'utf8' })

  it('F110: names all that is installed with us and all that is built in, with version, hash and license', () => {
    expect(run.stderr).toBe('')
    const bill = JSON.parse(run.stdout) as Bill
    expect([bill.bomFormat, bill.metadata.component.name]).toEqual(['CycloneDX', 'lumika'])
    const named = bill.components.map(({ name, version }) => `${name}@${version}`)
    expect(named.toSorted()).toEqual(installed().toSorted())
    for (const { name, purl, hashes, licenses } of bill.components) {
      expect(purl).toMatch(/^pkg:npm\/(%40[a-z-]+\/)?[a-z0-9.-]+@\d/)
      expect(hashes[0]?.content).toMatch(/^[0-9a-f]{128}$/)
      expect([name, licenses]).toEqual([name, [{ expression: expect.any(String) as string }]])
    }
  })

  it('F110: what is built in is what the widget’s and the Dashboard’s sources import beside our dependencies', () => {
    const imported = ['widget', 'adapters', 'dashboard'].flatMap(sourcesIn).flatMap(importsOf)
    const packages = imported.map(({ to }) => /^(@[^/]+\/[^/]+|[a-z][^/.]*)(?=\/|$)/.exec(to)?.[1] ?? '')
    const own = new Set(
      packages.filter((name) => name in manifest.devDependencies && !(name in manifest.peerDependencies)),
    )
    expect([...own].toSorted()).toEqual(bundled)
  })
})

interface Bill {
  bomFormat: string
  metadata: { component: { name: string } }
  components: {
    name: string
    version: string
    purl: string
    hashes: { content: string }[]
    licenses: { expression: string }[]
  }[]
}

interface Manifest {
  name: string
  version: string
  dependencies?: Record<string, string>
}

/** What Node would find, beginning at what we name: the folders themselves are walked, not the lockfile. */
function installed(): string[] {
  const found = new Map<string, string>()
  const open: [name: string, from: string][] = [...Object.keys(manifest.dependencies), ...bundled, ...carried].map(
    (name) => [name, ''],
  )
  for (let next = open.pop(); next; next = open.pop()) {
    const [name, from] = next
    const folder = folderOf(name, from)
    if (found.has(folder)) continue
    const { version, dependencies = {} } = read(`${folder}/package.json`) as Manifest
    found.set(folder, `${name}@${version}`)
    // What is built in brings along only what the bundler took; that is looked at below.
    if (!bundled.includes(name) && !carried.includes(name))
      open.push(...Object.keys(dependencies).map((one): [string, string] => [one, folder]))
  }
  return [...found.values()]
}

/** Node's own way: beside the one that asks, then further and further up. */
function folderOf(name: string, from: string): string {
  for (let at = from; ; at = at.slice(0, Math.max(at.lastIndexOf('/node_modules/'), 0))) {
    const folder = `${at}${at && '/'}node_modules/${name}`
    if (existsSync(`${root}${folder}/package.json`)) return folder
    if (at === '') throw new Error(`${name}, which ${from} needs, is not installed.`)
  }
}
