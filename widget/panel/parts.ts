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

/** Loads parts; what they look like comes with them. Each call rejects where its file cannot be loaded. */
export function createParts(root: ShadowRoot, prepare: PanelProps['prepare']) {
  const load = async <T>(part: () => Part, get: () => Promise<T>): Promise<T> => {
    await prepare?.(root.host, ...part())
    return get()
  }
  const worn = new Set<string>()
  const show = async <T extends { css: string }>(part: () => Part, get: () => Promise<T>): Promise<T> => {
    const module = await load(part, get)
    if (!worn.has(module.css)) adopt(root, module.css)
    worn.add(module.css)
    return module
  }
  return {
    /** Messages. */
    reading: () =>
      show(
        () => __LUMIKA_READING__,
        () => import('./reading/index.ts'),
      ),
    /** How our own server is reached. */
    http: () =>
      load(
        () => __LUMIKA_HTTP__,
        () => import('./http.ts'),
      ),
    /** The languages beside English. */
    languages: () =>
      load(
        () => __LUMIKA_LANGUAGES__,
        () => import('../locales/languages.ts'),
      ),
    /** When somebody is there. */
    hours: () =>
      show(
        () => __LUMIKA_HOURS__,
        () => import('./hours/index.ts'),
      ),
    /** What is asked before the first message. */
    form: () =>
      show(
        () => __LUMIKA_FORM__,
        () => import('./form/index.ts'),
      ),
    /** What joins the tabs of one browser. */
    tabs: () =>
      load(
        () => __LUMIKA_TABS__,
        () => import('./tabs.ts'),
      ),
    load,
    show,
  }
}

export type Loaders = ReturnType<typeof createParts>
