import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { existsSync } from 'node:fs'
import { chmod, cp, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type { BuildEnvironmentOptions, EnvironmentOptions, UserConfig } from 'vite'
import { defineConfig } from 'vitest/config'
import manifest from './package.json' with { type: 'json' }
import { leanSvelte } from './scripts/lean-svelte.mjs'
import { lexerAlone } from './scripts/lexer-alone.mjs'
import { precompress } from './scripts/precompress.mjs'
import { widgetParts } from './scripts/widget-parts.mjs'

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
const forPages = (input: string | Record<string, string>, output: Output): EnvironmentOptions => ({
  consumer: 'client',
  build: { ...shared, rolldownOptions: { input, output, onwarn: fail, preserveEntrySignatures: 'allow-extension' } },
})

/** What `import … from 'lumika'` gives: modules with Svelte and all else bundled in. */
const forBundlers: EnvironmentOptions = {
  consumer: 'client',
  build: {
    ...shared,
    lib: {
      entry: pageEntries(),
      formats: ['es'],
    },
    rolldownOptions: {
      external: ['react', 'vue'],
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: 'chunks/[name]-[hash].js',
        // Frameworks that run React on servers are to know that a chat is a browser's matter.
        banner: ({ name }) => (name === 'react' ? "'use client'" : ''),
      },
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

/** A page of the operators' app: its modules, one style sheet. Nothing of it stands in the page itself, as its policy wants. */
const forOperators = (input: string): EnvironmentOptions => ({
  consumer: 'client',
  build: {
    ...shared,
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    cssCodeSplit: false,
    rolldownOptions: {
      input,
      output: {
        entryFileNames: 'dashboard/assets/[name]-[hash].js',
        chunkFileNames: 'dashboard/assets/[name]-[hash].js',
        assetFileNames: 'dashboard/assets/[name]-[hash][extname]',
      },
      onwarn: fail,
    },
  },
})

/** What `widget.js` loads by need: its name carries a hash of what is in it. */
const part = { entryFileNames: '[name]-[hash].js', chunkFileNames: '[name]-[hash].js' }

/** All that `vite build` writes: the parts come before `widget.js`, which names it. */
const outputs: Pick<UserConfig, 'environments' | 'builder'> = {
  environments: {
    panel: forPages({ panel: 'widget/panel/mount.ts' }, part),
    look: forPages({ look: 'widget/look/index.ts' }, part),
    widget: forPages('widget/embed.ts', { entryFileNames: 'widget.js', format: 'iife' }),
    npm: forBundlers,
    dashboard: forOperators('dashboard/index.html'),
    preview: forOperators('dashboard/preview.html'),
    server: forServers,
  },
  builder: {
    async buildApp(builder) {
      await rm('dist', { recursive: true, force: true })
      for (const name of ['panel', 'look', 'widget', 'npm', 'dashboard', 'preview', 'server']) {
        const environment = builder.environments[name]
        if (environment) await builder.build(environment)
      }
      await cp('demo', 'dist/demo', { recursive: true })
      await chmod('dist/cli.js', 0o755)
      await precompress('dist', /^(widget|[a-z]+-.{8})\.js$/)
      await precompress('dist/dashboard/assets', /\.(js|css)$/)
      if (existsSync('dist/locales')) await precompress('dist/locales', /\.json$/)
    },
  },
}

/** What is waited for comes late on a busy machine; the default is a second. */
const patient = { poll: { timeout: 10_000 } }

export default defineConfig(({ command }) => ({
  appType: 'custom',
  publicDir: false,
  plugins: [leanSvelte(), svelteCompiler(), lexerAlone(), widgetParts()],
  ...(command === 'build' && outputs),
  optimizeDeps: { entries: ['widget/index.ts', 'widget/embed.ts', 'dashboard/main.ts'] },
  test: {
    // Most tests wait for somebody: a browser, a lease, a clock. As many workers as there are cores left half of a small
    // machine idle, and one worker less, the default, more.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/unit/**/*.test.ts', 'test/contract/**/*.test.ts', 'test/server/**/*.test.ts'],
          // No measure of speed: a busy machine is slow.
          testTimeout: 30_000,
          hookTimeout: 30_000,
          expect: patient,
          // Processes are killed, paused and failed over in earnest, and a busy machine may stand still for longer than
          // anybody waits for Redis. What fails twice is ours.
          retry: 1,
        },
      },
      {
        plugins: [svelteCompiler(), svelteTesting()],
        test: {
          name: 'dom',
          environment: 'happy-dom',
          include: ['test/component/**/*.test.ts'],
          testTimeout: 30_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'package',
          environment: 'node',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 60_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'crash',
          environment: 'node',
          include: ['test/crash/**/*.test.ts'],
          retry: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          // Browsers driven from outside lose a page now and then on a busy machine; what fails twice is ours.
          retry: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: patient,
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

/** The entries that package.json names, but for the server's: the source of each is where its declarations say. */
function pageEntries(): Record<string, string> {
  const targets = Object.values(manifest.exports).filter((target) => typeof target === 'object')
  const entries = targets.map(({ types, default: built }) => [
    built.slice('./dist/'.length, -'.js'.length),
    types.slice('./dist/types/'.length).replace(/\.d\.ts$/, '.ts'),
  ])
  return Object.fromEntries(entries.filter(([, source]) => !source?.startsWith('server/')))
}

function fail(warning: string | { message: string; code?: string }): void {
  // How long plugins take is the machine's business.
  if (typeof warning === 'object' && warning.code === 'PLUGIN_TIMINGS') return
  throw new Error(typeof warning === 'string' ? warning : warning.message)
}
