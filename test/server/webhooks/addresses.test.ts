/** Webhooks reach the public internet, and nobody's own network: not as it is written, not by a name, not by a trick. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNodeTransport } from '../../../server/cli/webhook-transport.ts'
import { isPublicAddress } from '../../../server/webhooks/addresses.ts'
import { createFetchTransport } from '../../../server/webhooks/transport.ts'
import { openPlace, openWorld } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { api, quick, register, startReceiver } from './receiver.ts'
import type { Receiver } from './receiver.ts'

const own = [
  ...['127.0.0.1', '127.255.255.255', '0.0.0.0', '0.1.2.3', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  ...['169.254.169.254', '100.64.0.1', '100.127.255.255', '100.100.100.200', '192.0.0.192', '192.0.2.1', '198.18.0.1'],
  ...['224.0.0.1', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
  ...['::', '::1', 'fe80::1', 'fc00::1', 'fd00:ec2::254', 'fec0::1', 'ff02::1', '2001:db8::1', '3fff::1', '100::1'],
  ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::127.0.0.1', '::ffff:0:7f00:1'],
  ...['64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::a00:1', '64:ff9b:1::808:808'],
  ...['2002:7f00:1::', '2002:a00:1::1', '2002:c0a8:101::1', '2001::1', '5f00::1', '4000::1', 'fe80::1%eth0'],
]
const others = ['1.1.1.1', '93.184.215.14', '172.32.0.1', '100.128.0.1', '169.253.0.1', '2606:4700::1111']
others.push('::ffff:1.1.1.1', '64:ff9b::808:808', '2002:808:808::1')

describe('addresses', () => {
  it.each(own)('%s is somebody’s own', (address) => expect(isPublicAddress(address)).toBe(false))
  it.each(others)('%s is public', (address) => expect(isPublicAddress(address)).toBe(true))
  it.each(['', 'example.com', 'localhost', '1.1.1.1.1', '[::1]'])('“%s” is no address', (text) =>
    expect(isPublicAddress(text)).toBe(false),
  )
})

/** Names, and where they lead. A name with several answers gives one after the other. */
const names: Record<string, string[][]> = {
  'public.example': [['1.1.1.1']],
  'inside.example': [['10.0.0.5']],
  'both.example': [['1.1.1.1', '::1']],
  'mapped.example': [['::ffff:192.168.0.1']],
  'empty.example': [[]],
}
const resolve = async (hostname: string) => {
  const answers = names[hostname]
  const addresses = (answers && answers.length > 1 ? answers.shift() : answers?.[0]) ?? null
  if (!addresses) throw new Error(`ENOTFOUND ${hostname}`)
  return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
}

describe('what is refused when a webhook is saved', () => {
  let place: Place
  let world: World
  let byFetch: World
  beforeAll(async () => {
    place = await openPlace('memory')
    const transport = createNodeTransport({ allowPrivate: false, resolve })
    world = await openWorld(place, { webhooks: { transport } })
    byFetch = await world.another({ webhooks: {} })
  })
  afterAll(async () => {
    await world.close()
    await byFetch.close()
    await place.dispose()
  })

  const save = async (at: World, url: string) => {
    const { status, body } = await api<{ error?: { code: string } }>(at, '/webhooks', {
      url,
      events: ['draft.created'],
    })
    return [status, body.error?.code]
  }

  const literals = [
    ...['http://127.0.0.1/', 'http://127.1/', 'http://0x7f.0.0.1/', 'http://2130706433/', 'http://0177.0.0.1:8080/'],
    ...['http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'https://[fd00:ec2::254]/', 'http://169.254.169.254/latest/'],
    ...['http://localhost/', 'http://LOCALHOST:3000/', 'http://localhost./', 'http://x.localhost/', 'http://0/'],
    'http://１２７.0.0.1/',
  ]
  it.each(literals)('%s, by every transport', async (url) => {
    expect(await save(world, url)).toEqual([422, 'private_address'])
    expect(await save(byFetch, url)).toEqual([422, 'private_address'])
  })

  it.each([
    ['http://inside.example/', 422, 'private_address'],
    ['http://both.example/', 422, 'private_address'],
    ['https://mapped.example/', 422, 'private_address'],
    ['http://empty.example/', 422, 'invalid_url'],
    ['http://nowhere.example/', 422, 'invalid_url'],
    ['http://public.example:8443/path?query', 201, undefined],
    ['https://1.1.1.1/', 201, undefined],
    ['ftp://public.example/', 400, 'invalid_request'],
    ['file:///etc/passwd', 400, 'invalid_request'],
    ['javascript:alert(1)', 400, 'invalid_request'],
    ['https://user:password@public.example/', 400, 'invalid_request'],
    ['public.example', 400, 'invalid_request'],
    [`https://public.example/${'x'.repeat(2_000)}`, 400, 'invalid_request'],
  ])('%s: %i %s', async (url, status, code) => {
    expect(await save(world, url)).toEqual([status, code])
  })

  it('a new address of an old webhook, too, and the old one stays', async () => {
    const { id } = await register(world, 'http://public.example/', ['draft.created'])
    const patched = await api<{ error: { code: string } }>(
      world,
      `/webhooks/${id}`,
      { url: 'http://inside.example/' },
      'PATCH',
    )
    expect([patched.status, patched.body.error.code]).toEqual([422, 'private_address'])
    const { body } = await api<{ webhook: { url: string } }>(world, `/webhooks/${id}`)
    expect(body.webhook.url).toBe('http://public.example/')
  })
})

describe('what is refused when something is sent', () => {
  let receiver: Receiver
  beforeAll(async () => void (receiver = await startReceiver()))
  afterAll(() => receiver.close())

  it('a name that leads elsewhere since it was saved, and one that changes its mind between look and connection', async () => {
    const place = await openPlace('memory')
    const transport = createNodeTransport({ allowPrivate: false, resolve })
    const world = await openWorld(place, { integration: { responder: null }, webhooks: { ...quick, transport } })
    names['rebound.example'] = [['1.1.1.1'], ['127.0.0.1']]
    const { id } = await register(world, receiver.url.replace('127.0.0.1', 'rebound.example'), ['message.created'])
    await world.post('/conversation/sse', { conversationId: 'one', textContent: 'CanaryText' })
    const log = async () =>
      (await api<{ deliveries: { attempts: object[] }[] }>(world, `/webhooks/${id}/deliveries`)).body.deliveries
    await expect.poll(log).toMatchObject([{ state: 'failed', attempts: Array(4).fill({ error: 'private_address' }) }])
    expect(receiver.requests).toEqual([])
    const tried = await api(world, `/webhooks/${id}/test`, {}, 'POST')
    expect(tried.body).toMatchObject({ attempt: { error: 'private_address' } })

    // A check that says yes, and a connection a moment later.
    names['rebound.example'] = [['1.1.1.1'], ['127.0.0.1']]
    const url = receiver.url.replace('127.0.0.1', 'rebound.example')
    await transport.check(new URL(url))
    const request = { url, headers: {}, body: '{}', signal: AbortSignal.timeout(5_000) }
    await expect(transport.post(request)).rejects.toMatchObject({ name: 'AddressError', code: 'private_address' })
    expect(receiver.requests).toEqual([])
    await world.close()
    await place.dispose()
  })

  it('private addresses as they are written, and none of them where they are allowed', async () => {
    const request = { url: receiver.url, headers: {}, body: '{"id":"evt_1"}', signal: AbortSignal.timeout(5_000) }
    for (const make of [createNodeTransport, createFetchTransport]) {
      const before = receiver.requests.length
      await expect(make({ allowPrivate: false }).post(request)).rejects.toMatchObject({ code: 'private_address' })
      expect(receiver.requests.length).toBe(before)
      expect(await make({ allowPrivate: true }).post(request)).toMatchObject({ status: 204 })
      expect(receiver.requests.length).toBe(before + 1)
    }
    names['allowed.example'] = [['127.0.0.1']]
    const named = { ...request, url: receiver.url.replace('127.0.0.1', 'allowed.example') }
    expect(await createNodeTransport({ allowPrivate: true, resolve }).post(named)).toMatchObject({ status: 204 })
  })

  it('reads no more than 64 KB of an answer', async () => {
    let sent = 0
    const endless = createServer((_request, response) => {
      response.writeHead(200)
      const write = () => {
        while (!response.destroyed) {
          sent += 16_384
          if (!response.write('x'.repeat(16_384))) return void response.once('drain', write)
        }
      }
      write()
    })
    const closed = new Promise<void>((resolve) => endless.on('connection', (socket) => socket.on('close', resolve)))
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}/`
    const request = { url, headers: {}, body: '{}', signal: new AbortController().signal }
    expect(await createNodeTransport({ allowPrivate: true }).post(request)).toMatchObject({ status: 200 })
    // The connection ends by our doing; what the sockets held by then is what it took.
    await closed
    expect(sent).toBeLessThan(32 * 1_048_576)
    endless.close()
  })
})
