/**
 * Takes out of Svelte's runtime what the widget never uses, 1.8 KB gzip of it: taking over HTML that a server has rendered,
 * and deep state. Both are guarded by what the runtime cannot know to be constant, and a bundler therefore keeps.
 */

/**
 * What is replaced, by file. Each has to be found: another version of Svelte may need another way.
 *
 * @type {Record<string, [from: string, to: string][]>}
 */
const edits = {
  // "Use this variable to guard everything related to hydration code so it can be treeshaken out", it says there; but
  // blocks that recover from a mismatch set it, so it counts as a variable. Nobody here calls `hydrate`.
  'dom/hydration.js': [
    ['export let hydrating = false', 'export const hydrating = false'],
    ['\thydrating = value;', ''],
  ],
  // Every `set` may be asked to make a proxy of the value. All state here is `$state.raw`, as is checked below.
  'reactivity/sources.js': [['should_proxy ? proxy(value) : value', 'value']],
}

/** @returns {import('vite').Plugin} */
export function leanSvelte() {
  return {
    name: 'lumika:lean-svelte',
    // Before the compiler, which hides what state a component has.
    enforce: 'pre',
    apply: 'build',
    transform(code, id) {
      const file = /\/svelte\/src\/internal\/client\/(.+)$/.exec(id)?.[1] ?? ''
      if (edits[file]) {
        for (const [from, to] of edits[file]) {
          if (!code.includes(from)) this.error(`Svelte's ${file} has changed: ${JSON.stringify(from)} is not in it.`)
          code = code.replace(from, to)
        }
        return { code, map: null }
      }
      if (/\.svelte(\.ts)?$/.test(id) && /\$state\(/.test(code))
        this.error(`${id}: deep state is not in our build of Svelte. Take $state.raw.`)
      return null
    },
  }
}
