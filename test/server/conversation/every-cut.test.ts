/** G4: wherever a stream is cut, what the widget's own engine and adapter make of it is what the responder said. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdapterEvent } from '../../../adapters/adapter.ts'
import { createHttpAdapter } from '../../../adapters/http.ts'
import { createEngine } from '../../../widget/engine/engine.ts'
import type { View } from '../../../widget/engine/engine.ts'
import { createSession } from '../../../widget/session.ts'
import { spyResponder } from '../../helpers/responder.ts'
import { allEvents, textOf } from '../../helpers/sse.ts'
import { createMemoryStore } from '../../helpers/store.ts'
import { after, startWire, through } from '../../helpers/wire.ts'
import type { Link } from '../../helpers/wire.ts'
import { openPlace, openWorld } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { listen } from '../faults/listen.ts'
import type { Listening } from '../faults/listen.ts'

/** Characters of one to four bytes, pairs, joined and combined ones, and every end of a line there is. */
const text = [
  'Zwölf Euro \u{1F642},\r\nund das war’s: 你好,我想问一下茶壶。\n',
  'e\u0301, \u{1F469}\u200D\u{1F467}, \u{1F3F4}\u{E0067}\u{E0062}\u{E007F}; \rdata: {"type":"done"}\n\nid: 7\n',
  '\u2028\u2029\u0085 \0\uFEFF שלום \u202Eabc\u202C नमस्ते “\\"/” ∑ \u{1D4B3} \uD83D alone, \u{10FFFF} and the end.\r',
].join('')
const question = 'How much?'
const isLong = Boolean(process.env['LUMIKA_LONG'])
/** Cut anywhere, in the middle of surrogate pairs too. */
const pieces = text.match(/[^]{1,10}/g) ?? []

let place: Place
let world: World
let server: Listening

beforeAll(async () => {
  place = await openPlace('memory')
  const limits = { messagesPerIntegration: Infinity, readsPerAddress: Infinity, guessesPerAddress: Infinity }
  world = await openWorld(place, { responder: spyResponder(() => pieces), limits })
  server = await listen(world)
})
afterAll(async () => {
  await server.close()
  await world.close()
  await place.dispose()
})

/** Sends over connections that are cut after so many bytes each, and looks at all that came of it. Returns the cuts made. */
async function sendOver(cuts: number[]): Promise<number> {
  const wire = await startWire(server.port)
  let made = 0
  const prepare = (): void => {
    const bytes = cuts[made]
    const cut = (link: Link): void => {
      made++
      link.reset()
      prepare()
    }
    wire.down = bytes === undefined ? through : after(bytes, cut)
  }
  prepare()
  const { events, views, conversationId } = await converse(wire.url)
  await wire.close()

  const answers = views.flatMap(({ bubbles }) => bubbles.slice(1))
  const ids = events.map(({ id }) => id)
  expect({
    received: events.map(({ event }) => (event.type === 'delta' ? event.text : '')).join(''),
    repeated: ids.filter((id, at) => ids.indexOf(id) < at),
    shown: views.at(-1)?.bubbles.map(({ author, state, text }) => [author, state, text]),
    // Nobody may ever have seen anything else than a beginning of it.
    wronglyShown: answers.filter((answer) => !text.startsWith(answer.text)),
    stored: await world.bodies(conversationId),
  }).toEqual({
    received: text,
    repeated: [],
    shown: [
      ['visitor', 'done', question],
      ['assistant', 'done', text],
    ],
    wronglyShown: [],
    stored: [question, text],
  })
  return made
}

/** Asks with the widget's own engine and adapter. Resolves when they have come to an end, with all that came to them. */
async function converse(serverUrl: string) {
  const adapter = createHttpAdapter({ serverUrl, integrationToken: world.token })
  const events: AdapterEvent[] = []
  const views: View[] = []
  let conversationId = ''
  async function* noted(stream: AsyncIterable<AdapterEvent>) {
    for await (const each of stream) {
      events.push(each)
      yield each
    }
  }
  await new Promise<void>((resolve) => {
    const engine = createEngine({
      adapter: {
        ...adapter,
        send(request) {
          conversationId = request.conversationId ?? ''
          return noted(adapter.send(request))
        },
        resume: (request) => noted(adapter.resume(request)),
        // The last thing an engine does is to look at what the history has; what it makes of that is shown at once.
        history: (request) => adapter.history(request).finally(() => setTimeout(resolve)),
      },
      session: createSession('visitor', createMemoryStore()),
      ...{ pollMs: 3_600_000, onMessage: () => {} },
      onChange: (view) => views.push(view),
    })
    engine.send(question)
    void engine.start()
  })
  return { events, views, conversationId }
}

/** Some at a time: each has a wire and sockets of its own. */
async function forEach<T>(items: Iterable<T>, run: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]()
  const work = async () => {
    for (let next = left.next(); !next.done; next = left.next()) await run(next.value)
  }
  await Promise.all(Array.from({ length: 32 }, work))
}

describe('a stream of 2 KB', () => {
  /** A whole answer to a message, as it goes over the wire. */
  let bytes = Buffer.alloc(0)
  beforeAll(async () => {
    const wire = await startWire(server.port)
    wire.down = (piece, pass) => {
      bytes = Buffer.concat([bytes, piece])
      return pass(piece)
    }
    const body = new URLSearchParams({ integrationToken: world.token, textContent: question })
    const events = await allEvents(await fetch(`${wire.url}/conversation/sse`, { method: 'POST', body }))
    expect(textOf(events)).toBe(text)
    await wire.close()
  })

  /** Every fourth byte, every one inside a character, and those around the ends of lines; in the long run all. */
  const isWorthIt = (at: number): boolean =>
    isLong || at % 4 === 0 || at === bytes.length || (bytes.readUInt8(at) & 0xc0) === 0x80 || isEnd(at) || isEnd(at - 1)
  const isEnd = (at: number): boolean => bytes[at] === 10

  it('G4: cut after any byte is the same text, shown and stored once', { timeout: 180_000 }, async () => {
    const head = bytes.indexOf('\r\n\r\n') + 4
    expect(bytes.length - head).toBeGreaterThan(2_048)
    // What is left of a head is nothing to a client, wherever it ends.
    const places = Array.from({ length: bytes.length + 1 }, (_, at) => at).filter((at) =>
      at < head ? at % 32 === 0 : isWorthIt(at),
    )
    const asked = world.responder.requests.length
    await forEach(places, async (at) => expect([at, await sendOver([at])]).toEqual([at, 1]))
    expect(world.responder.requests.length - asked).toBe(places.length)
  })

  it('G4: cut up to three times, anywhere, is the same text, shown and stored once', { timeout: 60_000 }, async () => {
    const sets = fc.sample(fc.array(fc.nat(bytes.length), { minLength: 2, maxLength: 3 }), 60)
    const made: number[] = []
    await forEach(sets, async (cuts) => void made.push(await sendOver(cuts)))
    expect(made.filter((cuts) => cuts > 1).length).toBeGreaterThan(20)
  })
})
