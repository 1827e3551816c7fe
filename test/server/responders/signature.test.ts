import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sign, verify } from '../../../server/responders/signature.ts'

const secret = 'the secret'
const body = '{"text":"grüße 🙂"}'
const now = () => 1_700_000_000_900

describe('signatures', () => {
  it('are t=<unix seconds>,v1=<hex HMAC-SHA256(secret, t + "." + body)>', async () => {
    const mac = createHmac('sha256', secret).update(`1700000000.${body}`).digest('hex')
    expect(await sign(secret, body, now)).toBe(`t=1700000000,v1=${mac}`)
  })

  it('are good for the secret, the body and five minutes', async () => {
    const header = await sign(secret, body, now)
    const at = (seconds: number) => ({ now: () => (1_700_000_000 + seconds) * 1_000 })
    expect(await verify(secret, header, body, at(0))).toBe(true)
    expect(await verify(secret, header, body, at(300))).toBe(true)
    expect(await verify(secret, header, body, at(-300))).toBe(true)
    expect(await verify(secret, header, body, at(301))).toBe(false)
    expect(await verify(secret, header, body, at(-301))).toBe(false)
    expect(await verify(secret, header, body, { ...at(900), toleranceSeconds: 1_000 })).toBe(true)
    expect(await verify('another', header, body, at(0))).toBe(false)
    expect(await verify(secret, header, `${body} `, at(0))).toBe(false)
    expect(await verify(secret, header.replace('t=1700000000', 't=1700000001'), body, at(0))).toBe(false)
  })

  it('of any other form are refused without an error', async () => {
    const header = await sign(secret, body, now)
    const others = [
      null,
      undefined,
      '',
      't=,v1=',
      header.toUpperCase(),
      header.slice(0, -1),
      `${header}0`,
      ` ${header}`,
      `${header},${header}`,
      't=1e9,v1=00',
      'x'.repeat(10_000),
    ]
    for (const other of others) expect(await verify(secret, other, body, { now })).toBe(false)
  })
})
