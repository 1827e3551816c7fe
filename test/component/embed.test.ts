import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { LumikaGlobal } from '../../widget/embed.ts'

const page = window as Window & {
  Lumika?: LumikaGlobal
  happyDOM?: { settings: { handleDisabledFileLoadingAsSuccess: boolean } }
}
// The tags are there to be read; what they name is not to be fetched.
if (page.happyDOM) page.happyDOM.settings.handleDisabledFileLoadingAsSuccess = true

const hosts = () => [...document.querySelectorAll('lumika-chat')]
const names = () => hosts().map((host) => host.shadowRoot?.querySelector('button')?.getAttribute('aria-label'))

/** Runs `widget.js` on a page, once more if it ran before. */
const run = async () => {
  vi.resetModules()
  await import('../../widget/embed.ts')
}
const write = (html: string) => (document.body.innerHTML = html)
const tag = (attributes: string) =>
  `<script src="https://chat.example/widget.js" data-config="off" ${attributes}></script>`

beforeEach(() => vi.stubGlobal('__LUMIKA_PANEL__', ['panel-0.js', '']))
afterEach(async () => {
  for (const widget of Object.values(page.Lumika?.widgets ?? {})) await widget.destroy()
  delete page.Lumika
  write('')
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('X75: a script tag', () => {
  test('puts one launcher on the page, and one name', async () => {
    write(tag('data-integration-token="a"'))
    const before = new Set(Object.getOwnPropertyNames(window))
    await run()
    expect(names()).toEqual(['Open chat'])
    expect(Object.getOwnPropertyNames(window).filter((name) => !before.has(name))).toEqual(['Lumika'])
    expect(Object.keys(page.Lumika ?? {}).sort()).toEqual(['mountWidget', 'push', 'widgets'])
  })

  test('that is the current script is read, and not another one', async () => {
    write(tag('data-integration-token="a" data-position="left"') + tag('data-integration-token="b"'))
    vi.spyOn(document, 'currentScript', 'get').mockReturnValue(document.scripts[1] as HTMLScriptElement)
    await run()
    expect(Object.keys(page.Lumika?.widgets ?? {})).toEqual(['b'])
  })

  test('G11: is never an image by the name of `currentScript`', async () => {
    write('<img name="currentScript" data-integration-token="evil">')
    const image = document.querySelector('img') as unknown as HTMLScriptElement
    vi.spyOn(document, 'currentScript', 'get').mockReturnValue(image)
    await run()
    expect(hosts()).toHaveLength(0)
  })

  test('is found where the script does not know its own, as from a tag manager', async () => {
    write('<script data-integration-token="x" src="/other.js"></script>' + tag('data-integration-token="a"'))
    await run()
    expect(Object.keys(page.Lumika?.widgets ?? {})).toEqual(['a'])
  })

  test('X78: brings the chat back after it was destroyed', async () => {
    write(tag('data-integration-token="a"'))
    await run()
    await page.Lumika?.widgets['a']?.destroy()
    expect(page.Lumika?.widgets).toEqual({})
    await run()
    expect(names()).toEqual(['Open chat'])
  })

  test('twice for one integration is one widget; for two, two', async () => {
    write(tag('data-integration-token="a"'))
    await run()
    await run()
    expect(hosts()).toHaveLength(1)
    write(
      tag('data-integration-token="b"') +
        hosts()
          .map(() => '')
          .join(''),
    )
    await run()
    expect(Object.keys(page.Lumika?.widgets ?? {})).toEqual(['a', 'b'])
  })

  test('in the head waits for the body', async () => {
    write(tag('data-integration-token="a"'))
    const { body } = document
    const missing = vi.spyOn(document, 'body', 'get').mockReturnValue(null as unknown as HTMLElement)
    await run()
    expect(hosts()).toHaveLength(0)
    missing.mockRestore()
    expect(document.body).toBe(body)
    document.dispatchEvent(new Event('DOMContentLoaded'))
    expect(hosts()).toHaveLength(1)
  })

  test('without a token leaves the page to mount a widget itself', async () => {
    write(tag(''))
    await run()
    expect(hosts()).toHaveLength(0)
    const widget = page.Lumika?.mountWidget({ integrationToken: 'a' })
    expect(hosts()).toHaveLength(1)
    await widget?.destroy()
    expect(hosts()).toHaveLength(0)
  })

  test.each(['at once', 'when the body is there'])('G13: what goes wrong %s is said, and not thrown', async (when) => {
    write(tag('data-integration-token="a"'))
    const said = vi.spyOn(console, 'error').mockReturnValue()
    vi.spyOn(HTMLElement.prototype, 'attachShadow').mockImplementation(() => {
      throw new TypeError('tampered with')
    })
    const missing = vi.spyOn(document, 'body', 'get')
    if (when !== 'at once') missing.mockReturnValue(null as unknown as HTMLElement)
    await run()
    missing.mockRestore()
    if (when !== 'at once') document.dispatchEvent(new Event('DOMContentLoaded'))
    expect(said).toHaveBeenCalledTimes(1)
    expect(String(said.mock.calls[0]?.[0])).toContain('Lumika:')
  })
})
