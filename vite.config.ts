import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { chmod, cp, rm } from 'node:fs/promises'
import type { BuildEnvironmentOptions, EnvironmentOptions, Plugin, UserConfig } from 'vite'
import { defineConfig } from 'vitest/config'
import { precompress } from './scripts/precompress.mjs'

/** Stands in `widget.js` for the panel's hashed name, which is known once the panel is built. */
const panelPlaceholder = 'panel-name-placeholder'

const shared: BuildEnvironmentOptions = {
  outDir: 'dist',
  emptyOutDir: false,
  target: 'es2022',
  // Older browsers have no constructed sheets or no :dir(); for newer ones nothing needs to be spelled out.
  cssTarget: ['chrome120', 'firefox121', 'safari16.4'],
  modulePreload: false,
  reportCompressedSize: false,
  copyPublicDir: false,
}

type Output = NonNullable<BuildEnvironmentOptions['rolldownOptions']>['output']

/** What a page loads: one self-contained, minified file. */
const forPages = (input: string, output: Output): EnvironmentOptions => ({
  consumer: 'client',
  build: { ...shared, rolldownOptions: { input, output, onwarn: fail, preserveEntrySignatures: 'strict' } },
})

/** What `import … from 'lumika'` gives: modules with Svelte and all else bundled in. */
const forBundlers: EnvironmentOptions = {
  consumer: 'client',
  build: {
    ...shared,
    lib: {
      entry: {
        index: 'widget/index.ts',
        'adapters/adapter': 'adapters/adapter.ts',
        'adapters/http': 'adapters/http.ts',
        'adapters/memory': 'adapters/memory.ts',
        protocol: 'protocol.ts',
      },
      formats: ['es'],
    },
    rolldownOptions: {
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      onwarn: fail,
    },
  },
}

/** What runs on a server: readable modules; packages stay imports. */
const forServers: EnvironmentOptions = {
  consumer: 'server',
  build: {
    ...shared,
    ssr: true,
    minify: false,
    rolldownOptions: {
      input: { 'server/index': 'server/index.ts', cli: 'server/cli.ts' },
      output: { entryFileNames: '[name].js', chunkFileNames: 'server/chunks/[name]-[hash].js' },
      onwarn: fail,
    },
  },
}

/** All that `vite build` writes: the panel comes before `widget.js`, which names it. */
const outputs: Pick<UserConfig, 'environments' | 'builder'> = {
  environments: {
    panel: forPages('widget/panel/mount.ts', { entryFileNames: 'panel-[hash].js', codeSplitting: false }),
    widget: forPages('widget/embed.ts', { entryFileNames: 'widget.js', format: 'iife' }),
    npm: forBundlers,
    server: forServers,
  },
  builder: {
    async buildApp(builder) {
      await rm('dist', { recursive: true, force: true })
      for (const name of ['panel', 'widget', 'npm', 'server']) {
        const environment = builder.environments[name]
        if (environment) await builder.build(environment)
      }
      await cp('demo', 'dist/demo', { recursive: true })
      await chmod('dist/cli.js', 0o755)
      await precompress('dist', /^(widget|panel-.+)\.js$/)
    },
  },
}

export default defineConfig(({ command }) => ({
  appType: 'custom',
  publicDir: false,
  plugins: [svelteCompiler(), panelName()],
  ...(command === 'build' && outputs),
  optimizeDeps: { entries: ['widget/index.ts', 'widget/embed.ts'] },
  test: {
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/unit/**/*.test.ts', 'test/contract/**/*.test.ts', 'test/server/**/*.test.ts'],
        },
      },
      {
        plugins: [svelteCompiler(), svelteTesting()],
        test: { name: 'dom', environment: 'happy-dom', include: ['test/component/**/*.test.ts'] },
      },
      { test: { name: 'package', environment: 'node', include: ['test/package/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 10_000 } },
        },
      },
    ],
  },
}))

/** `fragments: 'tree'`: the default would need a Trusted Types policy. `discloseVersion`: leaves no global behind. */
function svelteCompiler() {
  return svelte({
    configFile: false,
    compilerOptions: { runes: true, discloseVersion: false, fragments: 'tree' },
    onwarn: ({ filename, message }) => fail(`${filename}: ${message}`),
  })
}

/** Tells `widget.js` the panel's file name; while developing, that is its source. */
function panelName(): Plugin {
  let panel = ''
  return {
    name: 'lumika:panel-name',
    sharedDuringBuild: true,
    config: (_config, { command }) => ({
      define: { __LUMIKA_PANEL__: JSON.stringify(command === 'build' ? panelPlaceholder : '/widget/panel/mount.ts') },
    }),
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        if (this.environment.name === 'panel') panel = chunk.fileName
        if (this.environment.name === 'widget') chunk.code = chunk.code.replaceAll(panelPlaceholder, panel)
      }
    },
  }
}

function fail(warning: string | { message: string }): never {
  throw new Error(typeof warning === 'string' ? warning : warning.message)
}
