/**
 * Takes out of Svelte's runtime what the widget never uses, 2.4 KB gzip of it: taking over HTML that a server has rendered,
 * deep state, transitions, waiting for promises, and trying out a state that is not shown yet. They are guarded by what the runtime cannot know to be constant, and a bundler therefore keeps.
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
  'client/reactivity/sources.js': [
    ['should_proxy ? proxy(value) : value', 'value'],
    // `$state.eager` and `$inspect`.
    ['!batch.is_fork && eager_effects.size > 0 && !eager_effects_deferred', 'false'],
    ['(flags & EAGER_EFFECT) !== 0', 'false'],
  ],
  // Nobody asks for a signal that is aborted when an effect runs again.
  'client/runtime.js': [
    ['if (reaction.ac !== null) {', 'if (false) {'],
    ['if (derived.ac !== null) {', 'if (false) {'],
  ],
  'client/reactivity/deriveds.js': [
    ['if (e.teardown || e.ac) {', 'if (e.teardown) {'],
    ['if (e.ac !== null) {', 'if (false) {'],
    ['!current_batch?.is_fork || derived.deps === null', 'true'],
    ['effect_tracking() || current_batch?.is_fork', 'effect_tracking()'],
  ],
  'client/reactivity/effects.js': [
    ['current_batch?.register_created_effect(effect);', ''],
    ['const controller = effect.ac;', 'const controller = null;'],
    // Nothing here comes or goes by a transition, as is checked below.
    ['if (transitions !== null) {', 'if (false) {'],
    ['if (remaining > 0) {', 'if (false) {'],
    ['if (t !== null) {', 'if (false) {'],
    ['if (t !== null) {', 'if (false) {'],
  ],
  'client/dom/blocks/each.js': [['var is_animated = (flags & EACH_IS_ANIMATED) !== 0;', 'var is_animated = false;']],
  // There are no boundaries: see below.
  'client/error-handling.js': [['(effect.f & BOUNDARY_EFFECT) !== 0 &&', 'false &&']],
  // Waiting for promises in components is an experiment that is not switched on.
  'client/reactivity/async.js': [['if (async.length === 0 && pending.length === 0) {', 'if (true) {']],
  'client/reactivity/batch.js': [
    ['effect.b?.is_pending &&', 'false &&'],
    ['if (!this.#is_deferred()) this.discard();', 'this.discard();'],
    ['if (this.#is_deferred()) {', 'if (false) {'],
    ['this.#pending === 0 && (', '('],
    ['!batch.is_fork && this.#intersects(batch)', 'this.#intersects(batch)'],
    ['\t\t\tif (d) deferred.promise.then(d.resolve).catch(d.reject);\n', ''],
    ['\t\t\tconst d = this.async_deriveds.get(effect);\n', ''],
    ['\t\tfor (const [effect, deferred] of batch.async_deriveds) {\n\t\t}\n', ''],
    ['batch.async_deriveds.clear();', ''],
    [' && !this.async_deriveds.has(effect)', ''],
    ['if (!this.is_fork) {\n\t\t\tsource.v = value;\n\t\t}', 'source.v = value;'],
    ['for (const deferred of this.async_deriveds.values()) {\n\t\t\tdeferred.reject(OBSOLETE);\n\t\t}', ''],
    ['this.#deferred?.resolve();', ''],
    ['this.#deferred?.resolve();', ''],
    ['this.#commit();', ''],
    ['this.#unskipped_branches.delete(effect);', ''],
    ['this.#unskipped_branches.add(effect);', ''],
    ['\n\tasync_deriveds = new Map();', ''],
    ['\n\tis_fork = false;', ''],
    ['\n\t#pending = 0;', ''],
    ['\n\t#deferred = null;', ''],
    ['\n\t#new_effects = [];', ''],
    ['\n\t#blocking_pending = new Map();', ''],
    ['\n\t#unskipped_branches = new Set();', ''],
    ['\n\t#decrement_queued = false;', ''],
  ],
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
 * Methods of classes, which a bundler keeps whoever calls them, by file: how each begins.
 *
 * @type {Record<string, string[]>}
 */
const methods = {
  'client/reactivity/batch.js': [
    ...['\t#is_deferred() {', '\t#is_skipped(effect) {', '\t#commit() {', '\tregister_created_effect(effect) {'],
    ...['\tincrement(blocking, effect) {', '\tdecrement(blocking, effect) {', '\tsettled() {'],
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
    for (const head of methods[file] ?? []) {
      const start = code.indexOf(head)
      const end = code.indexOf('\n\t}\n', start)
      if (start < 0 || end < 0) this.error(`Svelte's ${file} has changed: ${head} is not in it.`)
      code = code.slice(0, start) + code.slice(end + '\n\t}\n'.length)
    }
    for (const [from, to] of edits[file]) {
      if (!code.includes(from)) this.error(`Svelte's ${file} has changed: ${JSON.stringify(from)} is not in it.`)
      code = code.replace(from, to)
    }
    return { code, map: null }
  }
  if (
    /\.svelte(\.ts)?$/.test(id) &&
    /\$state\(|<svelte:boundary|\$effect\.pending|\s(transition|in|out|animate):/.test(code)
  )
    this.error(
      `${id}: deep state, boundaries and transitions are not in our build of Svelte. Take $state.raw, and CSS.`,
    )
  return null
}
