/** The sources of the repository and what they import. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { root } from './build.ts'

/** An import: of a file, as its path below the root, or of a package, as it is written. */
export interface Import {
  from: string
  to: string
}

/** The source files in a folder, by their path below the root. */
export function sourcesIn(folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|svelte|mjs|js)$/.test(name))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
}

/** What a file imports, types and dynamic imports included. */
export function importsOf(from: string): Import[] {
  const text = readFileSync(join(root, from), 'utf8')
  return importsIn(from.endsWith('.svelte') ? scriptsIn(text) : text).map((name) => ({
    from,
    to: name.startsWith('.') ? relative(root, join(root, dirname(from), name)).replace(/\?.*$/, '') : name,
  }))
}

/** The names that code imports, as they are written. */
export const importsIn = (code: string): string[] =>
  ts.preProcessFile(code, true, true).importedFiles.map(({ fileName }) => fileName)

const scriptsIn = (markup: string): string =>
  [...markup.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].map(([, code]) => code).join('\n')
