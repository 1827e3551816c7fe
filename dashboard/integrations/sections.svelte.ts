/** The sections of a long page, for whoever looks for one of them. */
import { getContext, setContext } from 'svelte'

/** A section that is on the page. */
export interface PageSection {
  id: string
  title: string
  element: Element
}

/** Those of one page, as they come and go. */
export class Sections {
  /** As they stand on the page. */
  list: readonly PageSection[] = $state.raw([])

  /** Adds a section. Returns what takes it away. */
  add(section: PageSection): () => void {
    this.list = [...this.list, section].sort((a, b) => (isBefore(a.element, b.element) ? -1 : 1))
    return () => {
      this.list = this.list.filter((each) => each !== section)
    }
  }
}

const isBefore = (a: Element, b: Element): boolean =>
  Boolean(a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING)

const key = Symbol('sections')

/** Collects the sections of everything below a component. */
export const collectSections = (): Sections => setContext(key, new Sections())

/** Where the sections of the page are collected; undefined where nobody does. */
export const useSections = (): Sections | undefined => getContext<Sections | undefined>(key)

/** The name of a section in an address: `Is it installed?` is `is-it-installed`. */
export const nameOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
