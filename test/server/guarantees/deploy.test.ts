/** F109: behind the nginx of our sample, nothing a visitor writes, is called or proves reaches a file of nginx's. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from 'srvx/node'
import { expect, it, onTestFinished } from 'vitest'
import { findTool } from '../../../scripts/tools.mjs'
import { formsOf } from '../../helpers/canary.ts'
import { freePort } from '../../helpers/port.ts'
import { openPlace, openWorld, operatorKey } from '../../helpers/world.ts'

const text = 'CanaryTextOfSomebody'
const conversationId = 'canary-conversation-of-somebody'
const userHash = 'canaryhash0123456789abcdef0123456789'

it('G14, F109, A11: the nginx sample streams, logs paths without queries, and says no-referrer', async () => {
  const place = await openPlace('memory')
  const world = await openWorld(place)
  const server = serve({
    port: 0,
    hostname: '127.0.0.1',
    silent: true,
    fetch: (request) => world.lumika.fetch(request),
  })
  await server.ready()
  const dir = await mkdtemp(join(tmpdir(), 'lumika-deploy-'))
  const port = await freePort()
  // The sample as it stands, but for places and the certificate, which are the reader's own.
  const sample = (await readFile('docs/deploy/nginx.conf', 'utf8'))
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
    .replace(/^ *ssl_certificate.*\n/gm, '')
    .replace('127.0.0.1:3000', new URL(server.url ?? '').host)
    .replaceAll('/var/log/nginx', dir)
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`)
  const config = `pid ${dir}/pid; daemon off; error_log ${dir}/error.log; events {} http { ${temp.join(' ')} ${sample} }`
  await writeFile(join(dir, 'nginx.conf'), config)
  const nginx = spawn(findTool('nginx') ?? 'nginx', ['-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')])
  onTestFinished(async () => {
    nginx.kill('SIGTERM')
    await once(nginx, 'exit')
    await server.close(true)
    await world.close()
    await place.dispose()
    await rm(dir, { recursive: true, force: true })
  })
  const url = `http://127.0.0.1:${port}`
  await expect
    .poll(
      () =>
        fetch(url).then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    )
    .toBe(true)

  const query = new URLSearchParams({ integrationToken: world.token, conversationId, textContent: text, userHash })
  const answers = [
    await fetch(`${url}/conversation/sse?${query.toString()}`),
    await fetch(`${url}/conversation/history?${query.toString()}`),
    await fetch(`${url}/conversation/history?${query.toString()}&limit=0`),
    await fetch(
      `${url}/api/conversations/${world.integration.id}.${Buffer.from(conversationId).toString('base64url')}/records`,
      {
        headers: { authorization: `Bearer ${operatorKey}` },
      },
    ),
    await fetch(`${url}/conversation/sse?${query.toString()}${'&a=b'.repeat(20_000)}`),
  ]
  for (const answer of answers) {
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    await answer.text()
  }
  expect(answers[0]?.headers.get('content-type')).toContain('text/event-stream')
  const logs = (await readdir(dir)).filter((name) => name.endsWith('.log'))
  const all = (await Promise.all(logs.map((name) => readFile(join(dir, name), 'utf8')))).join('\n')
  expect(all).toContain('GET /conversation/history')
  expect(all).toContain('/api/conversations/-/records')
  for (const canary of [text, conversationId, userHash, world.token, operatorKey]) {
    for (const form of formsOf(canary)) expect(all).not.toContain(form)
  }
}, 30_000)
