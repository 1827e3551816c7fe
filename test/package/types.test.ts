import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { built, root } from '../helpers/build.ts'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: object
  peerDependencies: object
}
let folder: string

// A copy, because a link would lead back to the repository, where Svelte's types are at hand.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lumika-types-'))
  const installed = join(folder, 'node_modules/lumika')
  cpSync(built('dist/types'), join(installed, 'dist/types'), { recursive: true })
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  const types = ['@types/react', '@types/react-dom']
  for (const name of [...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }), ...types]) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  cpSync(join(root, 'test/package/fixture'), folder, { recursive: true })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the declarations', () => {
  const resolutions = {
    bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
    nodenext: { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  }

  test.each(Object.entries(resolutions))('hold in a strict program with %s resolution', (_name, resolution) => {
    const program = ts.createProgram(
      ['app.ts', 'help-desk.ts', 'frameworks.ts', 'frameworks/Help.tsx', 'frameworks/help.ts'].map((name) =>
        join(folder, name),
      ),
      {
        ...resolution,
        target: ts.ScriptTarget.ES2022,
        lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
        types: [],
        jsx: ts.JsxEmit.ReactJSX,
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
      },
    )
    // What other packages declare is theirs to mend, and takes most of the time.
    const isOurs = (name: string) => !name.includes('node_modules') || name.includes('/lumika/')
    const found = [
      ...program.getOptionsDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...program
        .getSourceFiles()
        .filter(({ fileName }) => isOurs(fileName))
        .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
    ]
    expect(
      found.map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
    ).toEqual([])
  })

  test('speak of no Svelte', () => {
    const files = readdirSync(built('dist/types'), { recursive: true, encoding: 'utf8' })
    const withSvelte = files.filter((name) => {
      return (
        name.endsWith('.d.ts') &&
        /from ['"]svelte|import\(['"]svelte|\.svelte['"]/.test(readFileSync(built(`dist/types/${name}`), 'utf8'))
      )
    })
    expect(withSvelte).toEqual([])
  })
})
