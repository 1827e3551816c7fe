/** How a conversation stands, as the widget hears of it: its own engine, over real sockets. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createHttpAdapter } from '../../../adapters/http.ts'
import type { View } from '../../../widget/engine/context.ts'
import { createThread } from '../../../widget/engine/thread.ts'
import { createSession } from '../../../widget/session.ts'
import { openBrowser } from '../../helpers/browser.ts'
import { createEmptyStore } from '../../helpers/store.ts'
import { openPlace } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { officeOf, openOffice } from '../desk/office.ts'
import type { Office } from '../desk/office.ts'
import { listen } from '../faults/listen.ts'
import type { Listening } from '../faults/listen.ts'

let place: Place
let office: Office
let server: Listening
beforeEach(async () => {
  place = await openPlace('memory')
  office = await openOffice(place)
  server = await listen(office.world)
})
afterEach(async () => {
  await server.close()
  await office.world.close()
  await place.dispose()
})

const connect = () => createHttpAdapter({ serverUrl: server.url, integrationToken: office.world.token })
const beat = async (typing: boolean) => expect((await office.call('presence', { typing })).status).toBe(204)

it('what has changed between two looks is told at once by the next one, and once', async () => {
  await office.send('Hello')
  let view: View | undefined
  const thread = createThread({
    ...{ adapter: connect(), session: createSession('chat', createEmptyStore()), onMessage: () => {} },
    conversationId: office.conversationId,
    onChange: (next) => (view = next),
  })
  await thread.begin({ unsent: [] })
  /** A look that would wait for 20 s. */
  const look = async () => {
    const from = performance.now()
    expect(await thread.look(20)).toBe(0)
    return { typing: view?.typing, isResolved: view?.isResolved, inVain: performance.now() - from > 15_000 }
  }
  await beat(true)
  expect(await look()).toEqual({ typing: 'Operator', isResolved: false, inVain: false })
  await office.done('resolve')
  expect(await look()).toEqual({ typing: 'Operator', isResolved: true, inVain: false })
  // Nothing is news any more.
  const from = performance.now()
  expect(await thread.look(0.2)).toBe(0)
  expect(performance.now() - from).toBeGreaterThan(150)
  await beat(false)
  await office.done('reopen')
  expect(await look()).toEqual({ typing: undefined, isResolved: false, inVain: false })
  thread.leave()
})

it('is shown in each tab of a browser', async () => {
  const browser = openBrowser(connect())
  const [first, second] = [browser.open(), browser.open()]
  first.send('Hello')
  const said = ['visitor: Hello', 'assistant: An answer to Hello']
  await expect.poll(() => [first.lines(), second.lines()], { timeout: 10_000 }).toEqual([said, said])
  const { conversationId } = await first.engine.whose()
  const team = officeOf(office.world, conversationId, place)
  const shown = () => browser.tabs.map(({ view }) => [view.typing, view.isResolved])
  await team.done('resolve')
  await expect.poll(shown, { timeout: 10_000 }).toEqual([undefined, undefined].map((typing) => [typing, true]))
  for (const typing of [true, false]) {
    expect((await team.call('presence', { typing })).status).toBe(204)
    const name = typing ? 'Operator' : undefined
    await expect.poll(shown, { timeout: 10_000 }).toEqual([name, name].map((each) => [each, true]))
  }
  for (const tab of [...browser.tabs]) tab.close()
})
