/**
 * Takes out of Svelte's runtime what the widget never uses, 1.8 KB gzip of it: taking over HTML that a server has rendered,
 * and deep state. Both are guarded by what the runtime cannot know to be constant, and a bundler therefore keeps.
 * And makes a guest of it, which changes nothing of the page's and stands what old libraries have changed.
 */

/**
 * What is replaced, by file. Each has to be found: another version of Svelte may need another way.
 *
 * @type {Record<string, [from: string, to: string][]>}
 */
const edits = {
  // "Use this variable to guard everything related to hydration code so it can be treeshaken out", it says there; but
  // blocks that recover from a mismatch set it, so it counts as a variable. Nobody here calls `hydrate`.
  'client/dom/hydration.js': [
    ['export let hydrating = false', 'export const hydrating = false'],
    ['\thydrating = value;', ''],
  ],
  // Every `set` may be asked to make a proxy of the value. All state here is `$state.raw`, as is checked below.
  'client/reactivity/sources.js': [['should_proxy ? proxy(value) : value', 'value']],
  // Waiting for promises in components is an experiment that is not switched on.
  'client/reactivity/async.js': [['if (async.length === 0 && pending.length === 0) {', 'if (true) {']],
  // It puts names on the prototypes of elements and texts, which are the page's, to read them faster. Where those are
  // frozen it goes without.
  'client/dom/operations.js': [
    ['is_extensible(element_prototype)', 'false'],
    ['is_extensible(text_prototype)', 'false'],
  ],
  // Prototype.js and MooTools put an `Array.from` in its place that knows neither sets nor iterators.
  'shared/utils.js': [['array_from = Array.from;', 'array_from = (all) => [...all];']],
  'client/dom/blocks/branches.js': [
    ['Array.from(this.#batches.values())', '[...this.#batches.values()]'],
    ['Array.from(this.#batches.values())', '[...this.#batches.values()]'],
  ],
}

/**
 * Files of which nothing stays. A boundary catches errors and waits for promises: `mount` makes one, which has nothing to
 * show for either.
 *
 * @type {Record<string, string>}
 */
const replacements = {
  'client/dom/blocks/boundary.js': `
    import { EFFECT_PRESERVED, EFFECT_TRANSPARENT } from '#client/constants'
    import { block, branch } from '../../reactivity/effects.js'
    export const boundary = (node, _props, children) =>
      void block(() => void branch(() => children(node)), EFFECT_TRANSPARENT | EFFECT_PRESERVED)
    export const pending = () => 0`,
}

/** @returns {import('vite').Plugin} */
export function leanSvelte() {
  return {
    name: 'lumika:lean-svelte',
    // Before the compiler, which hides what state a component has.
    enforce: 'pre',
    apply: 'build',
    // The Dashboard is no guest, and shows what the widget never does.
    applyToEnvironment: ({ name }) => name !== 'dashboard',
    transform: {
      filter: { id: [/\/svelte\/src\/internal\//, /\.svelte(\.ts)?$/] },
      handler: edit,
    },
  }
}

/**
 * @this {import('vite').Rollup.TransformPluginContext}
 * @param {string} code
 * @param {string} id
 */
function edit(code, id) {
  const file = /\/svelte\/src\/internal\/(.+)$/.exec(id)?.[1] ?? ''
  if (replacements[file]) return { code: replacements[file], map: null }
  if (edits[file]) {
    for (const [from, to] of edits[file]) {
      if (!code.includes(from)) this.error(`Svelte's ${file} has changed: ${JSON.stringify(from)} is not in it.`)
      code = code.replace(from, to)
    }
    return { code, map: null }
  }
  if (/\.svelte(\.ts)?$/.test(id) && /\$state\(|<svelte:boundary|\$effect\.pending/.test(code))
    this.error(`${id}: deep state and boundaries are not in our build of Svelte. Take $state.raw.`)
  return null
}
