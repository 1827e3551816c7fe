import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { describe, expect, test } from 'vitest'
import { built, root } from '../helpers/build.ts'
import { importsIn } from '../helpers/sources.ts'

type Target = string | { types: string; default: string }

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, Target>
  bin: Record<string, string>
  dependencies: Record<string, string>
  peerDependencies: Record<string, string>
}
const targets = Object.entries(manifest.exports)
const modules = targets.filter(([, target]) => typeof target === 'object') as [string, { default: string }][]

describe('the package', () => {
  test('is what publint calls sound', async () => {
    built('dist/index.js')
    const { messages, pkg } = await publint({ pkgDir: root, pack: false, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  test.each(targets)('has every file of the entry %s, types first', (_entry, target) => {
    if (typeof target === 'object') expect(Object.keys(target)).toEqual(['types', 'default'])
    for (const file of typeof target === 'string' ? [target] : Object.values(target)) {
      expect(existsSync(join(root, file)), file).toBe(true)
    }
  })

  test.each(modules)('can import the entry %s in Node, without a page', async (entry) => {
    const names = await importNames(entry)
    expect(names.length).toBeGreaterThan(0)
    expect(names).not.toContain('default')
  })

  test('has no built module that no entry leads to', () => {
    const named = new Set([...targets.flatMap(([, target]) => Object.values(target)), ...Object.values(manifest.bin)])
    const files = ['dist', 'dist/adapters', 'dist/server'].flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
    )
    const loose = files.filter((file) => file.endsWith('.js') && !named.has(`./${file}`) && importersOf(file) === 0)
    expect(loose.filter((file) => !/^dist\/(panel-[^/]+|widget)\.js$/.test(file))).toEqual([])
  })

  test('keeps private files closed', async () => {
    await expect(importNames('./adapters/_private')).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED')
    await expect(importNames('./dist/index.js')).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  test('imports no package at run time that is not a dependency, or the framework of an entry', () => {
    const named = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    const imported = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js') && !name.startsWith('demo'))
      .flatMap((name) => importsIn(readFileSync(join(root, 'dist', name), 'utf8')))
      .filter((name) => !/^(\.|node:)/.test(name))
      .map((name) => name.split('/')[0])
    for (const name of new Set(imported)) expect(named).toContain(name)
  })

  test('the lockfile names no host', () => {
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
    const hosts = [...lock.matchAll(/"resolved": "([^"]*)"/g)].map(([, url]) => new URL(url ?? '').host)
    expect(hosts).toEqual([])
    expect(lock).toContain('"integrity": "sha512-')
  })
})

/** What an entry exports, seen from a process of its own, as a user's program sees it. */
async function importNames(entry: string): Promise<string[]> {
  const code = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(entry.replace(/^\./, 'lumika'))}))))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: root })
  return JSON.parse(stdout) as string[]
}

function importersOf(file: string): number {
  const name = file.slice(file.lastIndexOf('/') + 1)
  const all = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.js'),
  )
  return all.filter((path) => readFileSync(join(root, 'dist', path), 'utf8').includes(name)).length
}
