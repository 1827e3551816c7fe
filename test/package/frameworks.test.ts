import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { createSSRApp } from 'vue'
import type { Component } from 'vue'
import { renderToString as renderVue } from 'vue/server-renderer'
import type { LumikaChat as ReactChat } from '../../widget/entries/react.ts'
import { built, root } from '../helpers/build.ts'
import { importsIn } from '../helpers/sources.ts'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const load = (name: string): Promise<{ LumikaChat: unknown }> =>
  import(/* @vite-ignore */ built(`dist/${name}.js`)) as Promise<{ LumikaChat: unknown }>

describe('the entries for frameworks', () => {
  test.each([
    ['react', 1_280],
    ['vue', 1_280],
    ['svelte', 1_280],
    ['element', 1_600],
  ])('lumika/%s weighs at most %i bytes beside the widget', (name, budget) => {
    const entry = readFileSync(built(`dist/${name}.js`), 'utf8')
    const [shared] = importsIn(entry).filter((file) => file.includes('_chat-'))
    const parts = [entry, read(`dist/${shared}`)]
    expect(parts.reduce((sum, code) => sum + gzipSync(code, { level: 9 }).byteLength, 0)).toBeLessThanOrEqual(budget)
  })

  test.each(['index', 'adapters/http', 'adapters/memory'])('lumika/%s loads nothing of them', (name) => {
    const seen = new Set<string>()
    const follow = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      for (const next of importsIn(read(file)).filter((each) => each.startsWith('.'))) {
        follow(join(file, '..', next))
      }
    }
    follow(`dist/${name}.js`)
    expect([...seen].filter((file) => /_chat-|react|vue|svelte|element/.test(file))).toEqual([])
  })

  test('lumika/react says that it belongs in a browser, before anything else', () => {
    expect(readFileSync(built('dist/react.js'), 'utf8')).toMatch(/^['"]use client['"]/)
  })

  test('on a server, components draw nothing', async () => {
    const { LumikaChat } = (await load('react')) as { LumikaChat: typeof ReactChat }
    expect(renderToString(createElement(LumikaChat, { integrationToken: 'lwt' }))).toBe('')
    const vue = await load('vue')
    expect(await renderVue(createSSRApp(vue.LumikaChat as Component, { integrationToken: 'lwt' }))).toBe('<!---->')
  })

  test('on a server, there is no element to register', async () => {
    const { defineLumikaElement } = (await load('element')) as unknown as { defineLumikaElement: () => void }
    expect(defineLumikaElement()).toBeUndefined()
  })

  test.each(['Help.tsx', 'Help.vue', 'Help.svelte', 'help.ts'])(
    'the guide shows %s, which is tried, as it is',
    (file) => {
      const shown = [...read('docs/frameworks.md').matchAll(/^```\w+\n([^]*?)^```$/gm)].map(([, code]) => code)
      expect(shown).toContain(read(`test/package/fixture/frameworks/${file}`))
    },
  )
})
