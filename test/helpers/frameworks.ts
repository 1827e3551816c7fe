/** The fixture apps, built as a site would: by Vite, in a folder of their own, from the package as it is installed. */
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { build } from 'vite'
import type { Plugin, Rolldown } from 'vite'
import { compileScript, parse } from 'vue/compiler-sfc'
import { built, root } from './build.ts'

/** The apps there are. */
export const frameworks = ['react', 'vue', 'svelte', 'element'] as const

/** Builds the apps, as their developers see them: with all warnings. Returns their files by name. */
export async function buildApps(): Promise<Map<string, string>> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lumika-apps-')))
  try {
    cpSync(join(root, 'test/package/fixture/frameworks'), folder, { recursive: true })
    const installed = join(folder, 'node_modules/lumika')
    mkdirSync(installed, { recursive: true })
    cpSync(built('dist'), join(installed, 'dist'), { recursive: true })
    cpSync(join(root, 'package.json'), join(installed, 'package.json'))
    for (const name of ['react', 'react-dom', 'vue', 'svelte']) {
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
    }
    const result = (await build({
      root: folder,
      configFile: false,
      logLevel: 'error',
      plugins: [vueCompiler(), svelte({ configFile: false, compilerOptions: { dev: true } })],
      define: { 'process.env.NODE_ENV': '"development"', ...vueFlags },
      build: {
        write: false,
        minify: false,
        modulePreload: false,
        rolldownOptions: {
          input: Object.fromEntries(frameworks.map((name) => [name, join(folder, fileOf[name])])),
          output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
        },
      },
    })) as Rolldown.RolldownOutput
    return new Map(result.output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : `${file.source}`]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const fileOf = { react: 'react.tsx', vue: 'vue.js', svelte: 'svelte.js', element: 'element.js' }

/** Vue complains where its plugin has not said these. An app without the options API is one more case to hold in. */
const vueFlags = {
  __VUE_OPTIONS_API__: 'false',
  __VUE_PROD_DEVTOOLS__: 'false',
  __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
}

/** Vue's own compiler; the plugin for Vite adds only what an app of one file does without. */
const vueCompiler = (): Plugin => ({
  name: 'test:vue',
  transform(source, id) {
    if (!id.endsWith('.vue')) return null
    const { descriptor } = parse(source, { filename: id })
    const { content } = compileScript(descriptor, { id, inlineTemplate: true })
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true }
    return ts.transpileModule(content, { compilerOptions: options }).outputText
  },
})
