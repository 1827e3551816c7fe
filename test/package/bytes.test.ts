import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { built } from '../helpers/build.ts'
import { importsIn } from '../helpers/sources.ts'

const folder = built('dist')
const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8')
const gzipped = (name: string): number => gzipSync(read(name), { level: 9 }).byteLength
const panels = readdirSync(folder).filter((name) => /^panel-.+\.js$/.test(name))
const messages = readdirSync(folder).filter((name) => /^reading-.+\.js$/.test(name))
const https = readdirSync(folder).filter((name) => /^http-.+\.js$/.test(name))
const tabs = readdirSync(folder).filter((name) => /^tabs-.+\.js$/.test(name))
const few = readdirSync(folder).filter((name) => /^(form|hours)-.+\.js$/.test(name))
const menus = readdirSync(folder).filter((name) => /^(menu|rating)-.+\.js$/.test(name))
const alerts = readdirSync(folder).filter((name) => /^alerts-.+\.js$/.test(name))
const clips = readdirSync(folder).filter((name) => /^attach-.+\.js$/.test(name))
const languages = readdirSync(folder).filter((name) => /^languages-.+\.js$/.test(name))
const looks = readdirSync(folder).filter((name) => /^look-.+\.js$/.test(name))
const invites = readdirSync(folder).filter((name) => /^invite-.+\.js$/.test(name))
const pieces = readdirSync(folder).filter((name) => /^pieces-.+\.js$/.test(name))
const markdowns = readdirSync(folder).filter((name) => /^markdown-.+\.js$/.test(name))

/** All files that a page may load, but for words. */
const all = [
  'widget.js',
  ...panels,
  ...messages,
  ...https,
  ...markdowns,
  ...pieces,
  ...tabs,
  ...looks,
  ...invites,
  ...few,
  ...languages,
  ...menus,
  ...alerts,
  ...clips,
]

describe('what a page loads', () => {
  test('widget.js is at most 3.5 KB', () => {
    expect(gzipped('widget.js')).toBeLessThanOrEqual(3_584)
  })

  test('all that the first open loads is at most 26 KB, and the panel loads only its parts by need', () => {
    expect(panels).toHaveLength(1)
    expect(panels.map(gzipped).reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(26_624)
    for (const name of panels)
      expect(importsIn(read(name)).sort()).toEqual(
        [...few, ...https, ...languages, ...menus, ...alerts, ...clips, ...messages, ...tabs]
          .map((part) => `./${part}`)
          .sort(),
      )
  })

  test('what shows messages is one file of at most 8 KB, loaded for the first of them, that loads two by need', () => {
    expect(messages).toHaveLength(1)
    for (const name of messages) {
      expect(gzipped(name)).toBeLessThanOrEqual(8_192)
      expect(importsIn(read(name)).sort()).toEqual(
        [...markdowns, ...panels, ...pieces].map((part) => `./${part}`).sort(),
      )
    }
  })

  test('what reaches the server is one file of at most 4 KB, loaded for the first message', () => {
    expect(https).toHaveLength(1)
    for (const name of https) {
      expect(gzipped(name)).toBeLessThanOrEqual(4_096)
      expect(importsIn(read(name))).toEqual(panels.map((panel) => `./${panel}`))
    }
  })

  test('what shows Markdown is one file of at most 18 KB, loaded by need, that shares the Svelte of the panel', () => {
    expect(markdowns).toHaveLength(1)
    for (const name of markdowns) {
      expect(gzipped(name)).toBeLessThanOrEqual(18_432)
      expect(importsIn(read(name))).toEqual(panels.map((panel) => `./${panel}`))
    }
    for (const name of messages) expect(read(name)).toMatch(/import\(`\.\/markdown-/)
  })

  test('what shows files, buttons and thumbs is one file of at most 5 KB, loaded by what shows messages', () => {
    expect(pieces).toHaveLength(1)
    for (const name of pieces) {
      expect(gzipped(name)).toBeLessThanOrEqual(5_120)
      // What a part imports beside the panel would be there twice where that had to be loaded under another name.
      expect(importsIn(read(name))).toEqual(panels.map((part) => `./${part}`))
    }
  })

  test('what joins the tabs of a browser is one file of at most 5 KB, loaded by need, that shares nothing', () => {
    expect(tabs).toHaveLength(1)
    for (const name of tabs) {
      expect(gzipped(name)).toBeLessThanOrEqual(5_120)
      expect(importsIn(read(name))).toEqual([])
    }
    for (const name of panels) expect(read(name)).toMatch(/import\(`\.\/tabs-/)
  })

  test('the form and the hours, which few sites have, are a file of at most 3 KB each, loaded where they are set', () => {
    expect(few).toHaveLength(2)
    for (const name of few) {
      expect(gzipped(name)).toBeLessThanOrEqual(3_072)
      expect(importsIn(read(name))).toEqual(panels.map((panel) => `./${panel}`))
    }
  })

  test('the menu is a file of at most 4 KB, the question at the end one of 3 KB, each loaded when it is needed', () => {
    expect(menus).toHaveLength(2)
    for (const name of menus) {
      expect(gzipped(name)).toBeLessThanOrEqual(name.startsWith('menu') ? 4_096 : 3_072)
      expect(importsIn(read(name))).toEqual(panels.map((panel) => `./${panel}`))
    }
  })

  test('what visitors send files with is one file of at most 5 KB, loaded where it is set', () => {
    expect(clips).toHaveLength(1)
    for (const name of clips) {
      expect(gzipped(name)).toBeLessThanOrEqual(5_120)
      expect(importsIn(read(name))).toEqual(panels.map((panel) => `./${panel}`))
    }
  })

  test('what sounds and counts beside the chat is one file of at most 1 KB, loaded where it is set, that shares nothing', () => {
    expect(alerts).toHaveLength(1)
    for (const name of alerts) {
      expect(gzipped(name)).toBeLessThanOrEqual(1_024)
      expect(importsIn(read(name))).toEqual([])
    }
  })

  test('what knows the languages is one file of at most 3 KB, loaded by need, that shares nothing and imports none', () => {
    expect(languages).toHaveLength(1)
    for (const name of languages) {
      expect(gzipped(name)).toBeLessThanOrEqual(3_072)
      expect(importsIn(read(name))).toEqual([])
    }
    for (const name of panels) expect(read(name)).not.toContain('locales/')
  })

  test('what few sites set of the look is one file of at most 2 KB, loaded where it is set, and so is an invitation', () => {
    expect([looks, invites].map(({ length }) => length)).toEqual([1, 1])
    for (const name of [...looks, ...invites]) expect(gzipped(name)).toBeLessThanOrEqual(2_048)
    for (const name of looks) expect(importsIn(read(name))).toEqual(invites.map((invite) => `./${invite}`))
    for (const name of invites) expect(importsIn(read(name))).toEqual(looks.map((look) => `./${look}`))
  })

  test('the npm modules load Markdown by need, too', () => {
    const chunks = readdirSync(`${folder}/chunks`)
    const chunk = (name: string) => chunks.find((each) => each.startsWith(`${name}-`)) ?? ''
    const [mount, reading, markdown] = [chunk('mount'), chunk('reading'), chunk('markdown')]
    expect(read(`chunks/${mount}`)).toContain(`import("./${reading}")`)
    expect(read(`chunks/${reading}`)).toContain(`import("./${markdown}")`)
    for (const file of ['index.js', `chunks/${mount}`, `chunks/${reading}`])
      expect(read(file)).not.toContain('blockquoteStart')
  })

  test('widget.js names the panel that was built, and holds no Svelte', () => {
    expect(read('widget.js')).toContain(panels[0])
    expect(read('widget.js')).not.toMatch(/svelte/i)
  })

  test('X80: every part is named together with the hash of what it is', () => {
    for (const [by, part = ''] of [
      ['widget.js', panels[0]],
      ['widget.js', looks[0]],
      [looks[0] ?? '', invites[0]],
      [panels[0] ?? '', messages[0]],
      [panels[0] ?? '', https[0]],
      [messages[0] ?? '', markdowns[0]],
      [messages[0] ?? '', pieces[0]],
      [panels[0] ?? '', tabs[0]],
      [panels[0] ?? '', few[0]],
      [panels[0] ?? '', few[1]],
      [panels[0] ?? '', menus[0]],
      [panels[0] ?? '', menus[1]],
      [panels[0] ?? '', alerts[0]],
      [panels[0] ?? '', clips[0]],
      [panels[0] ?? '', languages[0]],
    ] as const) {
      const hash = createHash('sha256').update(read(part)).digest('base64')
      expect(read(by)).toContain(`["${part}","sha256-${hash}"]`)
    }
  })

  test.each(all)('G13: %s leaves no Svelte global behind', (name) => {
    expect(read(name)).not.toContain('__svelte')
  })

  test.each(all)('G11: %s makes no markup or code from text', (name) => {
    expect(read(name)).not.toMatch(
      /\beval\(|\bnew Function\b|\bFunction\(["'`]|(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write/,
    )
  })

  test.each(all)('%s is offered compressed', (name) => {
    expect(readFileSync(`${folder}/${name}.br`).byteLength).toBeLessThan(gzipped(name))
    expect(readFileSync(`${folder}/${name}.gz`).byteLength).toBeGreaterThan(0)
  })
})
