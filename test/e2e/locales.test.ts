/** Every language, as it is loaded and shown: in its direction, and with nothing cut on the smallest phone. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { languages } from '../../protocol.ts'
import { page, requests, server, setUpEmbedding, site, visitor } from '../helpers/embedding.ts'
import { htmlPage, scriptTag } from '../helpers/site.ts'

setUpEmbedding()

const wordsOf = (locale: string) =>
  JSON.parse(readFileSync(`widget/locales/${locale}.json`, 'utf8')) as { title: string; placeholder: string }

/** What is seen of a language: `cut` names texts that have no room, and parts that reach beyond what holds them. */
const look = () => {
  const root = document.querySelector('lumika-chat')?.shadowRoot
  const panel = root?.querySelector<HTMLElement>('[role=dialog]')
  const box = panel?.querySelector('textarea')
  const title = panel?.querySelector('h2')
  if (!panel || !box || !title) return null
  const style = getComputedStyle(box)
  const context = document.createElement('canvas').getContext('2d')
  if (context) context.font = `${style.fontSize} ${style.fontFamily}`
  const room = box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
  const { left, right } = panel.getBoundingClientRect()
  const parts = [...panel.querySelectorAll<HTMLElement>('header *, form *, p')].filter((each) => each.offsetWidth > 0)
  const cut = parts
    .filter((each) => {
      const edges = each.getBoundingClientRect()
      return edges.left < left - 1 || edges.right > right + 1 || each.scrollWidth > each.clientWidth + 1
    })
    .map(({ outerHTML }) => outerHTML)
  if ((context?.measureText(box.placeholder).width ?? 0) > room) cut.push(`placeholder: ${box.placeholder}`)
  return {
    ...{ locale: panel.lang, title: title.innerText, placeholder: box.placeholder, label: box.ariaLabel },
    // What stands in the empty text box runs as the words around it do.
    ...{ directions: [panel, box].map((each) => getComputedStyle(each).direction), cut },
  }
}

test('all languages are shown one after the other, in their direction, and nothing is cut at 320 pixels', async () => {
  await page.setViewportSize({ width: 320, height: 640 })
  await page.goto(site.put('/', { body: htmlPage(scriptTag(server.url, server.token), { attributes: 'lang="en"' }) }))
  await visitor.open()
  const cut: [string, string[]][] = []
  for (const locale of [...languages, 'zh-Hant-HK', 'nn-NO', 'pt-PT', 'en']) {
    const name = { 'zh-Hant-HK': 'zh-tw', 'nn-NO': 'nb', 'pt-PT': 'pt' }[locale] ?? locale
    await page.evaluate(`Lumika.setLocale(${JSON.stringify(locale)})`)
    await expect.poll(async () => (await page.evaluate(look))?.locale).toBe(name)
    const seen = await page.evaluate(look)
    const { title, placeholder } = wordsOf(name)
    expect([seen?.title, seen?.placeholder]).toEqual([title, placeholder])
    const direction = /^(ar|fa|he|ur)$/.test(name) ? 'rtl' : 'ltr'
    expect([name, seen?.directions]).toEqual([name, [direction, direction]])
    if (seen?.cut.length) cut.push([name, seen.cut])
  }
  expect(cut).toEqual([])
  expect(requests.filter((each) => each.includes('/languages-'))).toHaveLength(1)
  expect(visitor.problems).toEqual([])
})
