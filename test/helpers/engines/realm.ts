/** What a page's own objects are like: its globals, and whatever hangs on them. */

/** A script for a page: `realmForTests.mark()` remembers how things are, `changes()` says what has been changed since. */
export const realmScript = (): string => `<script>(${watchRealm.toString()})()</script>`

/** What the script leaves in the page. */
export interface Realm {
  mark(): void
  /** `added window.Lumika`, `changed Array.prototype.map`, `removed …`; sorted. */
  changes(): string[]
}

/** Runs in the page. */
function watchRealm(): void {
  type Shape = Map<PropertyKey, unknown[]>
  const { getOwnPropertyDescriptor: describe, getPrototypeOf } = Object
  // What the page may replace later.
  const { ownKeys } = Reflect
  const isObject = (value: unknown): value is object =>
    typeof value === 'function' || (typeof value === 'object' && value !== null)
  /** What tests leave in a page. */
  const ignored = ['realmForTests', 'problemsForTests', 'doubledForTests', 'Symbol(automationSessionProxy)']

  const shapeOf = (object: object): Shape => {
    const shape: Shape = new Map()
    for (const key of ownKeys(object)) {
      // WebKit makes a new list each time.
      if (key === 'supportedEntryTypes') continue
      const { value, get, set } = describe(object, key) ?? {}
      shape.set(key, [value, get, set])
    }
    return shape
  }
  const look = (): Map<string, [object, Shape]> => {
    const found = new Map<string, [object, Shape]>()
    // Only names: what is in a page's variables is its own business.
    const names: Shape = new Map(ownKeys(window).map((key) => [key, []]))
    for (const key of names.keys()) if (ignored.includes(String(key))) names.delete(key)
    found.set('window', [window, names])
    for (const name of Object.getOwnPropertyNames(window)) {
      const value = describe(window, name)?.value as unknown
      if (!/^[A-Z]/.test(name) || !isObject(value) || name === 'Lumika') continue
      found.set(name, [value, shapeOf(value)])
      const prototype = describe(value, 'prototype')?.value as unknown
      if (isObject(prototype)) found.set(`${name}.prototype`, [prototype, shapeOf(prototype)])
    }
    for (const object of [document, document.documentElement, document.body, history, location, navigator]) {
      const name = getPrototypeOf(object)?.constructor?.name as string
      found.set(`the ${name}`, [object, shapeOf(object)])
    }
    return found
  }

  let before = look()
  const realm: Realm = {
    mark: () => void (before = look()),
    changes() {
      const found: string[] = []
      for (const [name, [object, shape]] of look()) {
        const [known, old] = before.get(name) ?? []
        if (known !== object) found.push(`replaced ${name}`)
        for (const [key, parts] of shape) {
          const earlier = old?.get(key)
          if (!earlier) found.push(`added ${name}.${String(key)}`)
          else if (parts.some((part, at) => !Object.is(part, earlier[at]))) found.push(`changed ${name}.${String(key)}`)
        }
        for (const key of old?.keys() ?? []) if (!shape.has(key)) found.push(`removed ${name}.${String(key)}`)
      }
      return found.sort()
    },
  }
  Object.assign(window, { realmForTests: realm })
}
