import { describe, expect, test } from 'vitest'
import { importsOf, sourcesIn } from '../helpers/sources.ts'

/** A room, and the only files and packages it may import. Rooms are tried in this order; the first that fits counts. */
const rooms: { name: string; files: RegExp; may: RegExp }[] = [
  { name: 'the protocol', files: /^protocol\.ts$/, may: /^$/ },
  { name: 'adapters', files: /^adapters\//, may: /^(protocol\.ts|adapters\/.+)$/ },
  {
    name: 'the session',
    files: /^widget\/(session|storage)\.ts$/,
    may: /^(protocol\.ts|adapters\/.+|widget\/.+|idb-keyval)$/,
  },
  {
    name: 'Markdown',
    files: /^widget\/panel\/markdown\//,
    may: /^(widget\/panel\/(markdown\/.+|clip\.ts)|svelte(\/.+)?|marked)$/,
  },
  { name: 'the panel', files: /^widget\/panel\//, may: /^(protocol\.ts|adapters\/.+|widget\/.+|svelte(\/.+)?)$/ },
  {
    name: 'the entries for frameworks',
    files: /^widget\/entries\//,
    // A widget by npm, and its types: nothing of the script tag's, of the panel's, or of how the launcher is made.
    may: /^(widget\/(index|contract|options)\.ts|widget\/entries\/_chat\.ts|react|vue)$/,
  },
  { name: 'the first load', files: /^widget\//, may: /^(protocol\.ts|adapters\/.+|widget\/(?!entries).+)$/ },
  {
    name: 'the command line',
    files: /^server\/cli(\.ts$|\/)/,
    may: /^(server\/.+|package\.json|node:.+|srvx\/node)$/,
  },
  {
    name: 'routes',
    files: /^server\/routes\//,
    // Of storage they know the contract alone, whose errors they have to answer for.
    may: /^(protocol\.ts|server\/(routes|access|attachments|conversations|limits|webhooks)\/.+|server\/storage\/log\.ts|server\/[a-z]+\.ts|h3|srvx|zod)$/,
  },
  {
    name: 'conversations',
    files: /^server\/conversations\//,
    may: /^(protocol\.ts|server\/conversations\/.+|server\/(storage\/log|responders\/responder|access\/(audit|integration)|attachments\/contract)\.ts|server\/(errors|logger|random|rounds)\.ts)$/,
  },
  {
    name: 'attachments',
    files: /^server\/attachments\//,
    // Of messages they know no more than that they may name files.
    may: /^(protocol\.ts|server\/attachments\/.+|server\/storage\/(log|blobs)\.ts|server\/(errors|logger|random|rounds)\.ts)$/,
  },
  {
    name: 'passwords',
    files: /^server\/access\/passwords\.ts$/,
    may: /^(server\/(errors|random)\.ts|node:crypto)$/,
  },
  {
    name: 'access',
    files: /^server\/access\//,
    may: /^(protocol\.ts|server\/access\/.+|server\/storage\/(log|newest)\.ts|server\/(errors|logger|random)\.ts|jose|tldts)$/,
  },
  {
    name: 'limits',
    files: /^server\/limits\//,
    // Which Redis counts are kept in is the composition root's to say; here it is only a type.
    may: /^(server\/limits\/.+|server\/storage\/(log|newest)\.ts|server\/access\/integration\.ts|server\/(errors|logger|random)\.ts|rate-limiter-flexible|ioredis)$/,
  },
  {
    name: 'webhooks',
    files: /^server\/webhooks\//,
    may: /^(server\/webhooks\/.+|server\/conversations\/(entry-of|keys|records|values)\.ts|server\/storage\/log\.ts|server\/access\/(audit|ledger)\.ts|server\/responders\/signature\.ts|server\/(errors|logger|random)\.ts|ipaddr\.js)$/,
  },
  {
    name: 'the file storage',
    files: /^server\/storage\/file/,
    may: /^(server\/storage\/.+|server\/random\.ts|unstorage(\/drivers\/.+)?|node:(fs|fs\/promises|path|os|crypto))$/,
  },
  {
    name: 'storage',
    files: /^server\/storage\//,
    may: /^(server\/storage\/.+|server\/(logger|random)\.ts|unstorage(\/drivers\/.+)?|ioredis)$/,
  },
  {
    name: 'responders',
    files: /^server\/responders\//,
    may: /^(protocol\.ts|server\/responders\/.+|server\/offers\.ts|eventsource-parser)$/,
  },
  { name: 'the server', files: /^server\//, may: /^(protocol\.ts|server\/(?!cli).+|h3|srvx|unstorage)$/ },
  {
    name: 'the preview',
    files: /^dashboard\/preview\//,
    // The chat comes as visitors get it, as a script: of its sources only types are known here.
    may: /^(protocol\.ts|adapters\/memory\.ts|widget\/(embed|options)\.ts|dashboard\/(preview\/.+|api\/types\.ts))$/,
  },
  {
    name: 'the dashboard',
    files: /^dashboard\//,
    // Of the widget the words, which owners may replace by their own.
    may: /^(protocol\.ts|widget\/locales\/([a-z-]+\.json|(attach|form|hours|menu|messages|rating|reading)\.ts)|dashboard\/.+|svelte(\/.+)?|bits-ui)$/,
  },
]

const files = ['protocol.ts', ...['adapters', 'widget', 'server', 'dashboard'].flatMap(sourcesIn)]

describe('import arrows', () => {
  test('every source file is in a room', () => {
    expect(files.filter((file) => !rooms.some(({ files: inRoom }) => inRoom.test(file)))).toEqual([])
  })

  for (const room of rooms) {
    const { name, may } = room
    test(`in the room of ${name}, files import only what they may`, () => {
      const own = files.filter((file) => rooms.find(({ files: inRoom }) => inRoom.test(file)) === room)
      const wrong = own.flatMap(importsOf).filter(({ to }) => !may.test(to))
      expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([])
    })
  }

  test('the server is loaded without the file storage, so that it runs where there are no files', () => {
    const eager = sourcesIn('server/storage').filter((file) => !/\/file/.test(file))
    const code = eager.flatMap((file) => importsOf(file).filter(({ to }) => to.startsWith('node:')))
    expect(code).toEqual([])
  })
})
