/** Pages that have changed the language they are written in. */
import { readFileSync } from 'node:fs'
import { root } from '../../helpers/build.ts'

/** A page's script, before the chat's. */
export interface Host {
  /** In the order they run. */
  scripts: string[]
  /** Runs once the chat's script is there. */
  later?: string
}

/** As Prototype.js 1.6 has it: old names with meanings of its own, JSON that is a string in a string. */
const prototypeJs = `
  const slice = Array.prototype.slice
  const quote = (value) => '"' + value + '"'
  window.$A = (items) => {
    if (!items) return []
    if (items.toArray) return items.toArray()
    const made = []
    for (let at = 0; at < (items.length || 0); at++) made[at] = items[at]
    return made
  }
  Object.toJSON = (value) => (Array.isArray(value) ? value.toJSON() : JSON.stringify(value))
  Array.from = $A
  Object.assign(Array.prototype, {
    toJSON() { return '[' + this.map(Object.toJSON).join(', ') + ']' },
    each(run) { for (const item of this) run(item); return this },
    reduce() { return this.length > 1 ? this : this[0] },
    find(test) { for (const item of this) if (test(item)) return item },
    entries() { return slice.call(this) },
    inject(memo, run) { this.each((item) => (memo = run(memo, item))); return memo },
    include(item) { return this.indexOf(item) >= 0 },
    toArray() { return slice.call(this) },
    clone() { return slice.call(this) },
  })
  String.prototype.toJSON = function () { return quote(this) }
  Number.prototype.toJSON = function () { return isFinite(this) ? this.toString() : 'null' }
  Date.prototype.toJSON = function () { return quote(this.toISOString()) }
  Function.prototype.bind = function (self, ...first) {
    const method = this
    if (arguments.length < 2 && self === undefined) return this
    return function () { return method.apply(self, first.concat(slice.call(arguments))) }
  }
  Object.assign(HTMLElement.prototype, {
    remove() { this.parentNode.removeChild(this); return this },
    update(text) { this.textContent = text; return this },
    scrollTo() { window.scrollTo(0, this.offsetTop); return this },
    toggle() { this.hidden = !this.hidden; return this },
    hide() { this.hidden = true; return this },
    show() { this.hidden = false; return this },
    select() { return $A(this.querySelectorAll('*')) },
    match(rule) { return this.matches(rule) },
    insert(item) { this.append(item); return this },
    next() { return this.nextElementSibling },
    up() { return this.parentNode },
  })
  const NativeElement = window.Element
  window.Element = function (name) { return document.createElement(name) }
  Object.assign(window.Element, { prototype: NativeElement.prototype, Methods: {} })
  document.getElementsByClassName = (name) => $A(document.querySelectorAll('.' + name))`

/** As MooTools has it, and pages of its time: everything is extended, and what is extended is listed by for…in. */
const enumerable = `
  Object.prototype.each = function (run) { for (const key in this) run(this[key], key) }
  Object.prototype.extend = function (other) { for (const key in other) this[key] = other[key]; return this }
  Array.from = (item) => (item == null ? [] : Array.isArray(item) ? item : [item])
  Array.prototype.flat = Array.prototype.flatten = function () { return [].concat(...this) }
  Array.prototype.contains = Array.prototype.includes = function (item) { return this.indexOf(item) !== -1 }
  Array.prototype.last = function () { return this[this.length - 1] }
  String.prototype.contains = String.prototype.includes
  String.prototype.trim = function () { return String(this).replace(/^\\s+|\\s+$/g, '') }
  Function.prototype.delay = function (ms) { return setTimeout(this, ms) }
  Node.prototype.inject = function (where) { where.appendChild(this); return this }
  Element.prototype.get = Element.prototype.getAttribute
  Element.prototype.set = function (name, value) { this.setAttribute(name, value); return this }`

/** What those that watch pages put in the place of what is there: wrappers, which pass everything on. */
const wrappers = `
  const wrap = (object, name) => {
    const original = object[name]
    object[name] = function () { window.wrapped.add(name); return original.apply(this, arguments) }
  }
  window.wrapped = new Set()
  for (const name of ['fetch', 'setTimeout', 'setInterval', 'requestAnimationFrame', 'queueMicrotask']) wrap(window, name)
  const listeners = new WeakMap()
  const { addEventListener, removeEventListener } = EventTarget.prototype
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    window.wrapped.add('addEventListener')
    const known = listeners.get(listener) ?? function (event) {
      return listener.handleEvent ? listener.handleEvent(event) : listener.call(this, event)
    }
    if (listener) listeners.set(listener, known)
    return addEventListener.call(this, type, listener && known, options)
  }
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    return removeEventListener.call(this, type, listeners.get(listener) ?? listener, options)
  }
  const { parse, stringify } = JSON
  window.JSON = { parse: (text) => parse(text), stringify: (value) => stringify(value) }
  const NativePromise = Promise
  window.Promise = class Promised extends NativePromise {}`

/** Everything that can be changed is made unchangeable, as hardened JavaScript does, and the page's own objects, too. */
const frozen = `
  const seen = new Set()
  const freeze = (object, depth) => {
    if (Object(object) !== object || seen.has(object) || object === window) return
    seen.add(object)
    for (const key of Reflect.ownKeys(object)) {
      const { value, get, set } = Object.getOwnPropertyDescriptor(object, key)
      for (const part of [value, get, set]) if (depth > 0) freeze(part, depth - 1)
    }
    freeze(Object.getPrototypeOf(object), depth)
    // Views of bytes and a window's named elements cannot be.
    try { Object.freeze(object) } catch {}
  }
  for (const name of Object.getOwnPropertyNames(window)) {
    const { value } = Object.getOwnPropertyDescriptor(window, name)
    if (/^[A-Z]/.test(name) && typeof value === 'function') freeze(value, 2)
  }
  for (const sample of [(async () => {})(), (async function* () {})(), (function* () {})(), [].values(), new Map().keys()]) {
    freeze(Object.getPrototypeOf(sample), 2)
  }
  for (const object of [JSON, Math, Reflect, Intl]) freeze(object, 2)`

const zone = (): string => readFileSync(`${root}node_modules/zone.js/bundles/zone.umd.js`, 'utf8')

/** Each with what it is called in a test's title. */
export const hosts: Record<string, () => Host> = {
  'Prototype.js': () => ({ scripts: [prototypeJs] }),
  'MooTools and keys on Object.prototype': () => ({ scripts: [enumerable] }),
  'Zone.js': () => ({ scripts: [zone()] }),
  'scripts that watch what a page does': () => ({ scripts: [wrappers] }),
  'scripts that come to watch later': () => ({ scripts: [], later: wrappers }),
  'frozen intrinsics': () => ({ scripts: [frozen] }),
}
