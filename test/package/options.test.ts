import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { optionsTable, readOptions } from '../../scripts/options.mjs'
import { root } from '../helpers/build.ts'

const guide = readFileSync(`${root}docs/options.md`, 'utf8')
const options = readOptions()

describe('docs/options.md', () => {
  test('holds the table of the options as they are: `node scripts/options.mjs` writes it', () => {
    expect(guide).toContain(optionsTable())
  })

  test.each(options)('$name says what it does, and what it is when it is left out', ({ text, fallback }) => {
    expect(text.length).toBeGreaterThan(10)
    expect(fallback).not.toBe('')
  })

  test.each(options)('$name has its twin on the tag', ({ name, attribute }) => {
    const twin = `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    // Code is what no attribute can hold.
    expect(attribute.split('`')[1]).toBe(name === 'adapter' ? undefined : twin)
  })

  test('names what can be set on the server', () => {
    const schema = readFileSync(`${root}server/routes/api/schemas.ts`, 'utf8')
    const [, fields = ''] = /const widgetLook = z\.strictObject\(\{\n([^]*?)\n\}\)/.exec(schema) ?? []
    const names = [...fields.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name as string)
    expect(names.length).toBeGreaterThan(5)
    const [, shown = ''] = /^`widget` takes (.*), and replaces/m.exec(guide) ?? []
    expect([...shown.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(names)
    expect(options.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
  })

  test('names the properties for style sheets', () => {
    const css = ['launcher', 'look/place', 'panel/panel']
      .map((name) => readFileSync(`${root}widget/${name}.css`, 'utf8'))
      .join()
    const known = new Set([...css.matchAll(/var\((--lumika-[a-z-]+)/g)].map(([, name]) => name as string))
    const shown = [...guide.matchAll(/^\| `(--lumika-[a-z-]+)`/gm)].map(([, name]) => name as string)
    expect(shown.toSorted()).toEqual([...known].toSorted())
  })
})
