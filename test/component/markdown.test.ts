/** Answers as they stand on the page: which nodes there are, and which of them stay. */
import { render } from '@testing-library/svelte'
import { userEvent } from '@testing-library/user-event'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import { texts as english } from '../../widget/locales/messages.ts'
import Markdown from '../../widget/panel/markdown/Markdown.svelte'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

/** Where parts are while developing. */
const [readingFile, markdownFile] = ['/widget/panel/reading/index.ts', '/widget/panel/markdown/index.ts']

const props = (text: string, isStreaming = false) => ({
  text,
  isStreaming,
  imageHosts: ['img.example'] as readonly string[],
  texts: english,
})
const show = (text: string, isStreaming = false) => {
  const { container, rerender } = render(Markdown, props(text, isStreaming))
  const root = container.querySelector('.markdown') as HTMLElement
  return { root, grow: (more: string, isMore = true) => rerender(props(more, isMore)) }
}
/** Markup without what only Svelte needs. */
const markup = (root: HTMLElement) => root.innerHTML.replace(/<!--.*?-->/g, '')

const answer = `# Head

A **bold** [link](https://a.example/b), \`code\`, ~~no~~ and https://c.example.

1. one
2. two
   - three

> quoted

| a | b |
|---|:-:|
| 1 | 2 |

\`\`\`js
const a = 1
\`\`\`

![x](https://img.example/x.png) ![y](https://evil.example/y.png)

---

The end.`

describe('an answer', () => {
  test('is made of elements for what it consists of', () => {
    const { root } = show(answer)
    expect([...root.children].map(({ localName }) => localName)).toEqual([
      'p',
      'p',
      'ol',
      'blockquote',
      'div',
      'div',
      'p',
      'hr',
      'p',
    ])
    expect(root.querySelector('[role="heading"]')?.getAttribute('aria-level')).toBe('3')
    expect(root.querySelector('ol > li > ul > li')?.textContent).toBe('three')
    expect(root.querySelector('th.center')?.textContent).toBe('b')
    expect(root.querySelector('pre')?.textContent).toBe('const a = 1')
    expect(root.querySelector('p strong')?.textContent).toBe('bold')
  })

  test('X68: links open elsewhere, and tell nothing', () => {
    const { root } = show(answer)
    const links = [...root.querySelectorAll('a')]
    expect(links.map(({ href }) => href)).toEqual([
      'https://a.example/b',
      'https://c.example/',
      'https://evil.example/y.png',
    ])
    for (const link of links) {
      expect(link.target).toBe('_blank')
      expect(link.rel).toBe('noopener noreferrer nofollow ugc')
    }
  })

  test('X68: a link that passes for another is followed by where it leads', () => {
    const { root } = show('[bank.example](https://evil.example/) is safe')
    expect(root.textContent).toBe('bank.example\u00a0(evil.example) is safe')
  })

  test('X69: images come only from hosts that the site names, and without a referrer', () => {
    const { root } = show(answer)
    const images = [...root.querySelectorAll('img')]
    expect(images.map(({ src, alt }) => [src, alt])).toEqual([['https://img.example/x.png', 'x']])
    expect(images[0]?.getAttribute('referrerpolicy')).toBe('no-referrer')
    expect(images[0]?.getAttribute('loading')).toBe('lazy')
  })

  test('X73: has no style attribute', () => {
    expect(show(answer).root.querySelector('[style]')).toBeNull()
  })

  test('what scrolls can be reached by keyboard, and has a name', () => {
    const { root } = show(answer)
    const regions = [...root.querySelectorAll('[role="region"]')]
    expect(regions.map((region) => [region.getAttribute('aria-label'), region.getAttribute('tabindex')])).toEqual([
      ['Table', '0'],
      ['Code', '0'],
    ])
  })
})

describe('while it is written', () => {
  test('a text that comes letter by letter ends as the same nodes as at once', async () => {
    const { root, grow } = show('', true)
    for (let end = 1; end <= answer.length; end++) await grow(answer.slice(0, end))
    await grow(answer, false)
    expect(markup(root)).toBe(markup(show(answer).root))
  })

  test('what is finished keeps its nodes, and what grows keeps the node that it is', async () => {
    const { root, grow } = show('# Head\n\nOne **two**\n\n- three\n- fo', true)
    const [head, paragraph, list] = root.children
    const item = list?.lastElementChild
    const changed: Node[] = []
    const observer = new MutationObserver((records) => changed.push(...records.map(({ target }) => target)))
    observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true })
    await grow('# Head\n\nOne **two**\n\n- three\n- four\n\nMore text')
    await grow('# Head\n\nOne **two**\n\n- three\n- four\n\nMore text, and more\n\nThe end', false)
    for (const record of observer.takeRecords()) changed.push(record.target)
    expect([...root.children].slice(0, 3)).toEqual([head, paragraph, list])
    expect(list?.lastElementChild).toBe(item)
    expect(item?.textContent).toBe('four')
    expect(changed.some((node) => head?.contains(node) || paragraph?.contains(node))).toBe(false)
  })
})

describe('the button at a block of code', () => {
  afterEach(() => vi.unstubAllGlobals())

  test('copies it as it is, and says so for a while', async () => {
    const user = userEvent.setup()
    const { root } = show('```html\n<b>"a" &amp; b</b>\n\tc\n```')
    const button = root.querySelector('button') as HTMLButtonElement
    expect(button.textContent).toBe('Copy')
    await user.click(button)
    await until(() => expect(button.textContent).toBe('Copied'))
    expect(await navigator.clipboard.readText()).toBe('<b>"a" &amp; b</b>\n\tc')
    await until(() => expect(button.textContent).toBe('Copy'))
  })
})

describe('in the chat', () => {
  let visit: Visit
  afterEach(() => {
    visit.leave()
    localStorage.clear()
  })
  const rich = () => visit.root.querySelectorAll('.markdown')

  test('answers are Markdown, and what the visitor writes is what they wrote', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter({ delayMs: 0, reply: (text) => text }) })
    await visit.open()
    await visit.say('**yes** [a](https://b.example)')
    await until(() => expect(rich()).toHaveLength(1))
    expect(visit.bubbles()).toEqual(['You: **yes** [a](https://b.example)', 'Assistant: yes a'])
    expect(visit.root.querySelector('.assistant strong')?.textContent).toBe('yes')
  })

  test('people write Markdown, too, and X70: their names have no direction controls', async () => {
    const adapter = createMemoryAdapter({ delayMs: 0 })
    visit = await createVisit({ adapter })
    await visit.open()
    await visit.say('Hello')
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    adapter.postOperatorMessage(visit.kept().conversationId ?? '', '*Hi*', 'S\u202eam')
    await visit.reload()
    await visit.open()
    await until(() => expect(visit.root.querySelector('.person em')?.textContent).toBe('Hi'))
    expect(visit.inside.getByText('Sam')).toBeTruthy()
  })

  test('X70: towers of marks and deserts of lines are clipped in every bubble', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter({ delayMs: 0, reply: (text) => text }) })
    await visit.open()
    await visit.say(`a${'\u0301'.repeat(99)}${'\n'.repeat(3_000)}b`)
    await until(() => expect(rich()).toHaveLength(1))
    for (const bubble of visit.bubbles()) expect(bubble.length).toBeLessThan(30)
  })

  test('an empty conversation does not ask for the part that shows Markdown, and one without it is plain text', async () => {
    const { mountPanel } = await import('../../widget/panel/mount.ts')
    const prepare = vi.fn(async (_host: Element, file: string) => {
      if (file === markdownFile) throw new Error('not what was built')
      return file
    })
    vi.stubGlobal('__LUMIKA_READING__', [readingFile, 'sha256-y'])
    vi.stubGlobal('__LUMIKA_MARKDOWN__', [markdownFile, 'sha256-x'])
    visit = await createVisit({ adapter: createMemoryAdapter({ delayMs: 0, reply: () => '**yes**' }) }, async () => ({
      mountPanel: (root, panelProps) => mountPanel(root, { ...panelProps, prepare }),
    }))
    await visit.open()
    expect(prepare).not.toHaveBeenCalled()
    await visit.say('Hello')
    await visit.sees('**yes**')
    await visit.settle()
    expect(prepare.mock.calls).toEqual([
      [visit.root.host, readingFile, 'sha256-y'],
      [visit.root.host, markdownFile, 'sha256-x'],
    ])
    expect(visit.bubbles()[1]).toBe('Assistant: **yes**')
    vi.unstubAllGlobals()
  })

  test('without the part that shows messages, what was said last is plain text, and the part can be asked for again', async () => {
    const { mountPanel } = await import('../../widget/panel/mount.ts')
    let isThere = false
    const asked: string[] = []
    const prepare = async (_host: Element, file: string) => {
      asked.push(file)
      if (!isThere) throw new Error('not what was built')
      return file
    }
    vi.stubGlobal('__LUMIKA_MARKDOWN__', [markdownFile, 'sha256-x'])
    vi.stubGlobal('__LUMIKA_READING__', [readingFile, 'sha256-y'])
    visit = await createVisit({ adapter: createMemoryAdapter({ delayMs: 0, reply: () => '**yes**' }) }, async () => ({
      mountPanel: (root, panelProps) => mountPanel(root, { ...panelProps, prepare }),
    }))
    await visit.open()
    await visit.say('Hello')
    await visit.sees('**yes**')
    isThere = true
    visit.inside.getByRole('button', { name: 'The chat could not be loaded. Try again' }).click()
    await until(() => expect(visit.root.querySelector('.message.assistant strong')?.textContent).toBe('yes'))
    expect(visit.bubbles()).toEqual(['You: Hello', 'Assistant: yes'])
    // By another name: some browsers keep what failed.
    const tries = asked.filter((file) => file.startsWith(readingFile))
    expect(tries.slice(0, 2)).toEqual([readingFile, `${readingFile}?1`])
    expect(new Set(tries).size).toBe(tries.length)
    vi.unstubAllGlobals()
  })
})
