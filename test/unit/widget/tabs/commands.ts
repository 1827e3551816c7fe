/** What a visitor, a browser and an operator do while a chat is open in some tabs. */
import fc from 'fast-check'
import type { MemoryAdapter, MemoryStore } from '../../../../adapters/memory.ts'
import type { SimulatedBrowser, SimulatedTab } from '../../../helpers/browser.ts'
import type { BusyAdapter } from '../../../helpers/busy-adapter.ts'

/** What is to be so in the end. */
export interface Expected {
  /** Texts that were sent, and whether they were sent in the conversation that goes on: then the server has to have them. */
  sent: Map<string, { isSure: boolean }>
  /** The text being written; undefined where tabs need not agree: before there is a conversation they do not know of one another. */
  draft: string | undefined
}

/** The tabs under test. */
export interface Real {
  browser: SimulatedBrowser
  adapter: BusyAdapter
  memory: MemoryAdapter
  backend: MemoryStore
  /** Lets time pass, and what is due happen. */
  pass(ms: number): Promise<void>
}

export type Command = fc.AsyncCommand<Expected, Real>

/** At most so many tabs. */
const TABS = 4

/** Everything that happens. */
export function commands(): fc.Arbitrary<Command>[] {
  const n = fc.nat(TABS - 1)
  const ofTab = (name: string, run: (tab: SimulatedTab, model: Expected, real: Real) => unknown) =>
    n.map((at) =>
      command(`${name} ${at}`, (model, real) => {
        const awake = real.browser.tabs.filter(({ isAwake }) => isAwake)
        const tab = awake[at % awake.length]
        if (tab) return run(tab, model, real)
      }),
    )
  const send = ofTab('Send', (tab, model, { browser }) => {
    const text = `m${model.sent.size}`
    model.sent.set(text, { isSure: true })
    tab.send(text)
    model.draft = browser.hasConversation ? '' : undefined
  })
  return [
    fc.boolean().map((isOpen) =>
      command(`Open${isOpen ? '' : ' closed'}`, (_, { browser }) => {
        if (browser.tabs.length < TABS) browser.open({ isOpen })
      }),
    ),
    ofTab('Close', (tab) => tab.close()),
    ofTab('Freeze', (tab) => tab.freeze()),
    ofTab('Leave', (tab) => tab.leave()),
    command$('Wake', (_, { browser }) => browser.tabs.forEach(wake)),
    ...[send, send, send, send],
    fc.tuple(n, fc.constantFrom('Hm', 'Well,')).map(([at, text]) =>
      command(`Write ${at} ${text}`, (model, { browser }) => {
        const tab = browser.tabs.filter(({ isAwake }) => isAwake)[at]
        if (!tab) return
        tab.write(text)
        model.draft = browser.hasConversation ? text : undefined
      }),
    ),
    ofTab('OpenPanel', (tab) => tab.setOpen(true)),
    ofTab('ClosePanel', (tab) => tab.setOpen(false)),
    ofTab('NewConversation', async (tab, model) => {
      forget(model)
      await tab.engine.newConversation()
    }),
    ofTab('Logout', async (tab, model) => {
      forget(model)
      await tab.engine.logout()
    }),
    command$('Offline', (_, { browser, adapter }) => {
      adapter.isDown = true
      browser.setOnline(false)
    }),
    command$('Outage', (_, { adapter }) => void (adapter.isDown = true)),
    command$('Online', (_, { browser, adapter }) => {
      adapter.isDown = false
      browser.setOnline(true)
    }),
    command$('Reply', (_, { memory, backend }) => {
      const latest = [...backend.keys()].at(-1)
      if (latest !== undefined) memory.postOperatorMessage(latest, 'This is Sam.')
    }),
    fc.constantFrom(10, 300, 2_000, 7_000, 40_000).map((ms) => command(`Pass ${ms}`, (_, { pass }) => pass(ms))),
  ]
}

/** A tab goes on where it was. */
export function wake(tab: SimulatedTab): void {
  if (tab.isAway) tab.comeBack()
  else if (!tab.isAwake) tab.thaw()
}

/** The visitor leaves the conversation: what was not sent yet may stay unsent. */
function forget(model: Expected): void {
  for (const message of model.sent.values()) message.isSure = false
  model.draft = undefined
}

/** A command by its name in a report. A moment passes after each: pages are not left within it. */
function command(name: string, run: (model: Expected, real: Real) => unknown): Command {
  return {
    check: () => true,
    async run(model, real) {
      await run(model, real)
      await real.pass(1)
    },
    toString: () => name,
  }
}
const command$ = (...made: Parameters<typeof command>): fc.Arbitrary<Command> => fc.constant(command(...made))
