import { readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { built } from '../helpers/build.ts'
import { importsIn } from '../helpers/sources.ts'

const folder = built('dist')
const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8')
const gzipped = (name: string): number => gzipSync(read(name), { level: 9 }).byteLength
const panels = readdirSync(folder).filter((name) => /^panel-.+\.js$/.test(name))

describe('what a page loads', () => {
  test('widget.js is at most 3.5 KB', () => {
    expect(gzipped('widget.js')).toBeLessThanOrEqual(3_584)
  })

  test('all that the first open loads is at most 26 KB, and the panel loads nothing else', () => {
    expect(panels).toHaveLength(1)
    expect(panels.map(gzipped).reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(26_624)
    for (const name of panels) expect(importsIn(read(name))).toEqual([])
  })

  test('widget.js names the panel that was built, and holds no Svelte', () => {
    expect(read('widget.js')).toContain(panels[0])
    expect(read('widget.js')).not.toMatch(/svelte/i)
  })

  test.each(['widget.js', ...panels])('G13: %s leaves no Svelte global behind', (name) => {
    expect(read(name)).not.toContain('__svelte')
  })

  test.each(['widget.js', ...panels])('G11: %s makes no markup or code from text', (name) => {
    expect(read(name)).not.toMatch(
      /\beval\(|\bnew Function\b|\bFunction\(["'`]|(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write/,
    )
  })

  test.each(['widget.js', ...panels])('%s is offered compressed', (name) => {
    expect(readFileSync(`${folder}/${name}.br`).byteLength).toBeLessThan(gzipped(name))
    expect(readFileSync(`${folder}/${name}.gz`).byteLength).toBeGreaterThan(0)
  })
})
