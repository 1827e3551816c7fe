import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runCli, startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { importsIn } from '../helpers/sources.ts'

const running: ServerProcess[] = []
const folders: string[] = []

async function start(...args: Parameters<typeof startServer>): Promise<ServerProcess> {
  const server = await startServer(...args)
  running.push(server)
  return server
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lumika-serve-'))
  folders.push(folder)
  return folder
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.kill()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const asOperator = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })

describe('the first start', () => {
  test('prints one line with the address, the demo, the script tag and the operator key, which all work', async () => {
    const server = await start({ operatorKey: null })
    expect(server.output().match(/^lumika listening on http:\/\/localhost:\d+$/gm)).toHaveLength(1)
    expect(server.output()).toContain(`src="${server.url}/widget.js"`)
    expect(server.output()).toContain(`data-integration-token="${server.token}"`)
    expect(server.output()).toContain(`${server.url}/demo`)
    expect(server.operatorKey).toMatch(/^\S{32,}$/)

    const integrations = await fetch(`${server.url}/api/integrations`, asOperator(server.operatorKey))
    expect(integrations.status).toBe(200)
    expect(JSON.stringify(await integrations.json())).toContain('localhost')
    expect((await fetch(`${server.url}/api/integrations`, asOperator(`${server.operatorKey}x`))).status).toBe(401)
  })

  test('is told apart from a later one, which keeps the token and does not show the key again', async () => {
    const folder = newFolder()
    const first = await start({ storage: `fs:${folder}`, operatorKey: null })
    expect(await first.stop()).toBe(0)
    const second = await start({ storage: `fs:${folder}`, operatorKey: null })
    expect(second.token).toBe(first.token)
    expect(second.operatorKey).toBe('')
    expect(second.output()).not.toContain(first.operatorKey)
    expect((await fetch(`${second.url}/api/integrations`, asOperator(first.operatorKey))).status).toBe(200)
  })

  test('keeps the operator key hashed', async () => {
    const folder = newFolder()
    const server = await start({ storage: `fs:${folder}`, operatorKey: null })
    await server.stop()
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) {
      expect(readFileSync(join(file.parentPath, file.name), 'utf8')).not.toContain(server.operatorKey)
    }
  })

  test('makes no key when one is given, and prints none', async () => {
    const server = await start({ operatorKey: 'a-key-of-my-own-choice' })
    expect(server.output()).not.toContain('a-key-of-my-own-choice')
    expect((await fetch(`${server.url}/api/integrations`, asOperator('a-key-of-my-own-choice'))).status).toBe(200)
  })

  test('with --json, every line is JSON', async () => {
    const { code, stdout, stderr } = await runCli(['serve', '--storage', 'memory', '--port', '0', '--json'], {
      until: /lumika listening on/,
    })
    expect(code).toBe(0)
    expect(stderr).toBe('')
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ message }) => message)).toContainEqual(expect.stringMatching(/^lumika listening on http/))
    expect(JSON.stringify(lines)).toContain('data-integration-token')
    expect(lines.every(({ time, level }) => typeof time === 'string' && level === 'info')).toBe(true)
  })
})

describe('a start that cannot be', () => {
  test('exits with 2 and words for what is asked wrongly', async () => {
    for (const args of [
      [],
      ['run'],
      ['serve', '--prot', '1'],
      ['serve', '--storage', 'ftp://x'],
      ['serve', '--responder', 'openai'],
    ]) {
      const { code, stdout, stderr } = await runCli(args)
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' })
      expect(stderr).toMatch(/^lumika: .+\nRun `lumika --help`/)
    }
  })

  test('exits with 1 and a sentence when the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { code, stderr } = await runCli(['serve', '--storage', 'memory', '--port', String(port)])
    other.close()
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`^lumika: Port ${port} of 127.0.0.1 is in use\\. .+\n$`))
  })

  test('exits with 1 and a sentence when another server has the storage folder, or Redis does not answer', async () => {
    const folder = newFolder()
    await start({ storage: `fs:${folder}` })
    for (const storage of [`fs:${folder}`, 'redis://:secret@127.0.0.1:1']) {
      const { code, stdout, stderr } = await runCli(['serve', '--port', '0', '--storage', storage])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^lumika: .+\n$/)
      expect(stderr).not.toContain('secret')
    }
  })
})

test('--help and --version say what there is', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  for (const args of [['--help'], ['serve', '--help'], ['-h']]) {
    const { code, stdout } = await runCli(args)
    expect(code).toBe(0)
    expect(stdout).toContain('--storage <url>')
  }
})

describe('a running server', () => {
  let server: ServerProcess

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.kill())

  test('takes 4,000 characters of three bytes each by GET', async () => {
    const query = new URLSearchParams({ integrationToken: server.token, textContent: '語'.repeat(4_000) })
    const response = await fetch(`${server.url}/conversation/sse?${query}`, { headers: { origin: 'http://localhost' } })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('"type":"done"')
  })

  test('keeps connections open for longer than the widget pauses between polls', async () => {
    const response = await fetch(`${server.url}/health`)
    expect(Number(/timeout=(\d+)/.exec(response.headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(12)
  })

  test('serves the widget compressed, and its panel under the name the widget knows', async () => {
    const widget = await fetch(`${server.url}/widget.js`, { headers: { 'accept-encoding': 'br' } })
    expect(widget.headers.get('content-encoding')).toBe('br')
    expect(widget.headers.get('cache-control')).toBe('no-cache')
    const panel = /panel-[\w-]+\.js/.exec(await widget.text())?.[0] ?? ''
    const response = await fetch(`${server.url}/${panel}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toContain('immutable')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  test.each(['/demo', '/demo/', '/demo/app', '/demo/app/about', '/demo/strict', '/demo/hostile'])(
    'serves %s with its token',
    async (path) => {
      const response = await fetch(server.url + path)
      const page = await response.text()
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(page).toContain(server.token)
      expect(page).not.toContain('{{')
      expect(page.match(/(?:src|href)="(?!\/|#)[^"]*"/g)).toBeNull()
    },
  )

  test('serves the npm build for the demo app, with all that it imports', async () => {
    const seen = new Set([`${server.url}/demo/lib/index.js`])
    for (const url of seen) {
      const response = await fetch(url)
      expect(response.status, url).toBe(200)
      for (const name of importsIn(await response.text())) seen.add(new URL(name, url).href)
    }
    expect(seen.size).toBeGreaterThan(1)
  })

  test.each(['/demo/shop.css', '/demo/shop.js', '/demo/app.css', '/demo/app.js', '/demo/icon.svg'])(
    'serves %s',
    async (path) => {
      expect((await fetch(server.url + path)).status).toBe(200)
    },
  )

  test.each([
    '/cli.js',
    '/demo/../cli.js',
    '/demo/%2e%2e/cli.js',
    '/demo/lib/server/index.js',
    '/demo/shop.html',
    '/types/protocol.d.ts',
  ])('serves nothing else of the build: %s', async (path) => {
    expect((await fetch(server.url + path)).status).toBe(404)
  })
})

describe('SIGTERM', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s, the running answer is finished and delivered, and the exit code is 0',
    async (signal) => {
      const folder = newFolder()
      const server = await start({ storage: `fs:${folder}` })
      const query = new URLSearchParams({ integrationToken: server.token, textContent: 'Are you there?' })
      const response = await fetch(`${server.url}/conversation/sse?${query}`, {
        headers: { origin: 'http://localhost' },
      })
      const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>)
        .pipeThrough(new TextDecoderStream())
        .getReader()
      let stream = ''
      let isStopping = false
      for (let step = await reader.read(); !step.done; step = await reader.read()) {
        stream += step.value
        if (!isStopping && stream.includes('"type":"delta"')) isStopping = server.process.kill(signal)
      }
      expect(await server.exited).toBe(0)
      expect(stream).toContain('"type":"message"')
      expect(stream).toMatch(/"type":"done"[^\n]*\n\n$/)

      const conversationId = /"conversationId":"([^"]+)"/.exec(stream)?.[1] ?? ''
      const again = await start({ storage: `fs:${folder}` })
      const page = await fetch(
        `${again.url}/conversation/history?${new URLSearchParams({ integrationToken: again.token, conversationId })}`,
        { headers: { origin: 'http://localhost' } },
      )
      const { messages } = (await page.json()) as { messages: { actor: string; data?: { interrupted?: boolean } }[] }
      expect(messages.map(({ actor }) => actor)).toEqual(['customer', 'assistant'])
      expect(messages[1]?.data?.interrupted).toBeUndefined()
    },
  )
})

test('nothing the server logs holds a token, a message or a conversation id', async () => {
  const server = await start()
  const query = new URLSearchParams({ integrationToken: server.token, textContent: 'my secret words' })
  await (await fetch(`${server.url}/conversation/sse?${query}`, { headers: { origin: 'http://localhost' } })).text()
  await fetch(
    `${server.url}/conversation/history?integrationToken=${server.token}&conversationId=c_0123456789abcdefghijkl`,
  )
  await server.stop()
  const afterWelcome = server.output().replace(/^[^]*><\/script>/, '')
  expect(afterWelcome).not.toContain(server.token)
  expect(afterWelcome).not.toContain('secret words')
  expect(afterWelcome).not.toContain('c_0123456789abcdefghijkl')
})
