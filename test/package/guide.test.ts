import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ChatAdapter } from '../../adapters/adapter.ts'
import { describeAdapter, holdText } from '../contract/adapter.suite.ts'
import { built, root } from '../helpers/build.ts'
import { startFakeHelpDesk } from '../helpers/fake-help-desk.ts'

const example = 'test/package/fixture/help-desk.ts'
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** A reader's file: it imports the package that was built. */
async function createHelpDeskAdapter(url: string): Promise<ChatAdapter> {
  built('dist/adapters/adapter.js')
  const file = join(root, example)
  const module = (await import(file)) as { createHelpDeskAdapter: (baseUrl: string) => ChatAdapter }
  return module.createHelpDeskAdapter(url)
}

describe('the guide to adapters', () => {
  test('shows a file that is compiled and tried, as it is', () => {
    const shown = [...read('docs/adapters.md').matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => code)
    expect(shown).toContain(read(example))
  })

  test('needs no more than 60 lines', () => {
    const lines = read(example).trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(60)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(120)
  })
})

describeAdapter("the guide's example", async () => {
  const answerTo = (text: string): string => `You wrote ${text.length} characters.`
  const desk = await startFakeHelpDesk((text) => (text === holdText ? null : answerTo(text)))
  return {
    ...{ adapter: await createHelpDeskAdapter(desk.url), answerTo, isWhole: true },
    ...{ postOperatorMessage: desk.reply, close: desk.close },
  }
})

test("the guide's example says network where nobody answers, or not in JSON", async () => {
  const desk = await startFakeHelpDesk(() => null)
  const history = { conversationId: 'c_nobody' }
  await expect((await createHelpDeskAdapter(`${desk.url}/nowhere`)).history(history)).rejects.toMatchObject({
    ...{ name: 'AdapterError', code: 'network', isRetryable: true },
  })
  await desk.close()
  await expect((await createHelpDeskAdapter(desk.url)).history(history)).rejects.toMatchObject({
    ...{ name: 'AdapterError', code: 'network', isRetryable: true },
  })
})
