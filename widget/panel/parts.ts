/** The files of the panel that are loaded when they are needed. */
import type { PanelProps } from '../contract.ts'
import { adopt } from '../host.ts'

/** Files beside this one, and their hashes for subresource integrity; nothing in the npm package. */
export type Part = readonly [file: string, integrity: string]
declare const __LUMIKA_READING__: Part
declare const __LUMIKA_HTTP__: Part
declare const __LUMIKA_LANGUAGES__: Part
declare const __LUMIKA_TABS__: Part
declare const __LUMIKA_HOURS__: Part
declare const __LUMIKA_FORM__: Part
declare const __LUMIKA_MENU__: Part
declare const __LUMIKA_RATING__: Part
declare const __LUMIKA_ALERTS__: Part
declare const __LUMIKA_ATTACH__: Part

/** Loads parts, each once; what they look like comes with them. A call rejects where its file cannot be loaded; the next one tries again. */
export function createParts(root: ShadowRoot, prepare: PanelProps['prepare']) {
  const load = <T>(part: () => Part, get: () => Promise<T>) => {
    let failures = 0
    return once(async () => {
      if (!prepare) return get()
      const [file, integrity] = part()
      // While developing, parts have no files.
      if (!file) return get()
      try {
        const url = await prepare(root.host, failures ? `${file}?${failures}` : file, integrity)
        return (await import(/* @vite-ignore */ url)) as T
      } catch (error) {
        // Firefox and Safari keep a module that failed for as long as the page lives: the next try has another name.
        failures++
        throw error
      }
    })
  }
  const worn = new Set<string>()
  const show = <T extends { css: string }>(part: () => Part, get: () => Promise<T>) => {
    const loadPart = load(part, get)
    return once(async () => {
      const module = await loadPart()
      // What is opened again may ask for its parts again.
      if (!worn.has(module.css)) adopt(root, module.css)
      worn.add(module.css)
      return module
    })
  }
  return {
    /** Messages. */
    reading: show(
      () => __LUMIKA_READING__,
      () => import('./reading/index.ts'),
    ),
    /** How our own server is reached. */
    http: load(
      () => __LUMIKA_HTTP__,
      () => import('./http.ts'),
    ),
    /** The languages beside English. */
    languages: load(
      () => __LUMIKA_LANGUAGES__,
      () => import('../locales/languages.ts'),
    ),
    /** When somebody is there. */
    hours: show(
      () => __LUMIKA_HOURS__,
      () => import('./hours/index.ts'),
    ),
    /** What is asked before the first message. */
    form: show(
      () => __LUMIKA_FORM__,
      () => import('./form/index.ts'),
    ),
    /** What can be done with a conversation. */
    menu: show(
      () => __LUMIKA_MENU__,
      () => import('./menu/index.ts'),
    ),
    /** The question at the end of a conversation. */
    rating: show(
      () => __LUMIKA_RATING__,
      () => import('./rating/index.ts'),
    ),
    /** The tone and the number in the page's title. */
    alerts: load(
      () => __LUMIKA_ALERTS__,
      () => import('./alerts/index.ts'),
    ),
    /** What visitors send files with. */
    attach: show(
      () => __LUMIKA_ATTACH__,
      () => import('./attach/index.ts'),
    ),
    /** What joins the tabs of one browser. */
    tabs: load(
      () => __LUMIKA_TABS__,
      () => import('./tabs.ts'),
    ),
    load,
    show,
  }
}

/** Does something once, and again only where it has failed. */
function once<T>(get: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () =>
    (result ??= get().catch((error: unknown) => {
      result = undefined
      throw error
    }))
}

export type Loaders = ReturnType<typeof createParts>
