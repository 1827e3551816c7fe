/**
 * Tells `widget.js` the panel and the look, and these their own parts: file names, and hashes for subresource integrity. While
 * developing, the panel's source.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** @typedef {[file: string, integrity: string]} Part */

/** Stand for the names and hashes of parts where these are named, until they are built. */
/** What `widget.js` names. */
const partsOfWidget = { panel: '__LUMIKA_PANEL__', look: '__LUMIKA_LOOK__' }
/** The parts of these: the name of the file, and what stands for it in the source. */
const partsOfParts = {
  reading: '__LUMIKA_READING__',
  markdown: '__LUMIKA_MARKDOWN__',
  pieces: '__LUMIKA_PIECES__',
  http: '__LUMIKA_HTTP__',
  languages: '__LUMIKA_LANGUAGES__',
  tabs: '__LUMIKA_TABS__',
  hours: '__LUMIKA_HOURS__',
  form: '__LUMIKA_FORM__',
  menu: '__LUMIKA_MENU__',
  rating: '__LUMIKA_RATING__',
  alerts: '__LUMIKA_ALERTS__',
  attach: '__LUMIKA_ATTACH__',
  invite: '__LUMIKA_INVITE__',
}
/** @param {string} name what stands for a part in the source */
const placeholderOf = (name) => name.replace(/__$/, '_PLACEHOLDER__')
/**
 * The parts that a file names.
 *
 * @param {string} code
 */
const named = (code) =>
  Object.entries({ ...partsOfWidget, ...partsOfParts })
    .map(([name, constant]) => ({ name, placeholder: placeholderOf(constant) }))
    .filter(({ placeholder }) => code.includes(placeholder))

/** @returns {import('vite').Plugin} */
export function widgetParts() {
  /** @type {Record<string, Part>} */
  const parts = {}
  const locales = readLocales()
  const forPages = Object.fromEntries(locales.map(({ name, part }) => [name, part]))
  return {
    name: 'lumika:widget-parts',
    // Before Vite's own resolution, which would find the modules for bundlers.
    enforce: 'pre',
    sharedDuringBuild: true,
    config: (_config, { command }) => ({
      define: {
        __LUMIKA_PANEL__:
          command === 'build' ? placeholderOf(partsOfWidget.panel) : JSON.stringify(['/widget/panel/mount.ts', '']),
        __LUMIKA_LOOK__:
          command === 'build' ? placeholderOf(partsOfWidget.look) : JSON.stringify(['/widget/look/index.ts', '']),
        __LUMIKA_LOCALES__: JSON.stringify(forPages),
      },
    }),
    configEnvironment(name, _config, { command }) {
      const isForPages = command === 'build' && isForScripts(name)
      const defined = Object.values(partsOfParts).map((name) => [name, isForPages ? placeholderOf(name) : '["", ""]'])
      return { define: Object.fromEntries(defined) }
    },
    resolveId(source, importer) {
      // On a page with a script tag, languages are files of their own; bundlers know better what to do with modules.
      const isForPages = this.environment.name === 'panel' && source.endsWith('/load.ts') && importer
      const path = isForPages ? resolve(dirname(importer), source) : ''
      return path === resolve('widget/locales/load.ts') ? path.replace('load.ts', 'load.page.ts') : null
    },
    load: (id) =>
      // What Vite puts around `import()` looks for styles to load along with it. There are none.
      id === '\0vite/preload-helper.js' ? 'export const __vitePreload = (load) => load()' : null,
    generateBundle: {
      // Vite's own plugin still writes into what calls `import()`.
      order: 'post',
      handler(_options, bundle) {
        if (this.environment.name === 'panel') {
          for (const { part, json } of locales) this.emitFile({ type: 'asset', fileName: part[0], source: json })
        }
        const chunks = Object.values(bundle).filter((output) => output.type === 'chunk')
        // What is named has to be final before it is weighed: first the parts of a part, then the part.
        for (let left = chunks; left.length > 0;) {
          const ready = left.filter(({ code }) => named(code).every(({ name }) => parts[name]))
          if (ready.length === 0) throw new Error(`Not built yet: what ${left.map(({ name }) => name)} name.`)
          for (const chunk of ready) {
            for (const { name, placeholder } of named(chunk.code))
              chunk.code = chunk.code.replace(placeholder, JSON.stringify(parts[name]))
            if (isForScripts(this.environment.name)) parts[chunk.name] = [chunk.fileName, integrityOf(chunk.code)]
          }
          left = left.filter((chunk) => !ready.includes(chunk))
        }
      },
    },
  }
}

/**
 * Whether an environment builds parts for pages with a script tag.
 *
 * @param {string} name
 */
const isForScripts = (name) => name === 'panel' || name === 'look'

/**
 * The languages as files: the name carries a hash of what is in it.
 *
 * @returns {{ name: string, json: string, part: Part }[]}
 */
function readLocales() {
  return readdirSync('widget/locales')
    .filter((file) => file.endsWith('.json') && file !== 'en.json')
    .map((file) => {
      const name = file.slice(0, -'.json'.length)
      const json = JSON.stringify(JSON.parse(readFileSync(`widget/locales/${file}`, 'utf8')))
      const integrity = integrityOf(json)
      const hash = integrity
        .slice('sha256-'.length)
        .replace(/[^A-Za-z0-9]/g, '')
        .slice(0, 8)
      return { name, json, part: [`locales/${name}-${hash}.json`, integrity] }
    })
}

/**
 * Subresource Integrity, https://www.w3.org/TR/SRI/
 *
 * @param {string} content
 */
const integrityOf = (content) => `sha256-${createHash('sha256').update(content).digest('base64')}`
