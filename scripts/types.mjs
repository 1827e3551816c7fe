/** Writes the declarations of the public entries, and nothing they do not reach, to dist/types. */
import { readFile, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'

const configPath = 'tsconfig.build.json'
const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: report }
const config = ts.getParsedCommandLineOfConfigFile(configPath, {}, host)
if (!config) throw new Error(`${configPath} cannot be read.`)

const program = ts.createProgram(config.fileNames, config.options)
/** @type {Set<string>} */
const written = new Set()
const { diagnostics } = program.emit(undefined, (name, text) => {
  written.add(resolve(name))
  ts.sys.writeFile(name, text)
})
const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics]
problems.forEach(report)
if (problems.length > 0) process.exit(1)

const reached = new Set(await Promise.all(config.fileNames.map((name) => declarationOf(resolve(name)))))
for (const file of reached) {
  for (const { fileName } of ts.preProcessFile(await readFile(file, 'utf8')).importedFiles) {
    if (fileName.startsWith('.')) reached.add(join(dirname(file), fileName).replace(/\.ts$/, '.d.ts'))
  }
}
await Promise.all([...written].filter((file) => !reached.has(file)).map((file) => rm(file)))

/** @param {string} source */
function declarationOf(source) {
  return join(resolve('dist/types'), source.slice(resolve('.').length).replace(/\.ts$/, '.d.ts'))
}

/** @param {ts.Diagnostic} diagnostic */
function report(diagnostic) {
  process.stderr.write(
    ts.formatDiagnostic(diagnostic, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: ts.sys.getCurrentDirectory,
      getNewLine: () => '\n',
    }),
  )
}
