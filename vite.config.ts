import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vitest/config'

const compilerOptions = { runes: true, discloseVersion: false, fragments: 'tree' as const }

export default defineConfig({
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
        plugins: [svelte({ configFile: false, compilerOptions }), svelteTesting()],
        test: { name: 'dom', environment: 'happy-dom', include: ['test/component/**/*.test.ts'] },
      },
    ],
  },
})
