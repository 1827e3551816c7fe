/** Signing in does not join what was said before it, and signing out does not part it: there are two conversations. */
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allEvents } from '../../helpers/sse.ts'
import { openPlace, openWorld } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'

const anonymous = `c_${'anonymousvisitor01234a'}`
const signed = 'customer-42'
const headers = { origin: 'https://shop.example' }

describe('I59: an anonymous conversation and a signed one', () => {
  let place: Place
  let world: World
  let userHash: string
  beforeAll(async () => {
    place = await openPlace('memory')
    world = await openWorld(place, { integration: { kind: 'widget' } })
    const secret = world.integration.identitySecrets[0]?.secret ?? ''
    userHash = createHmac('sha256', secret).update(`${world.integration.id}\n${signed}`).digest('hex')
    await allEvents(await send({ conversationId: anonymous, textContent: 'as nobody' }))
    await allEvents(await send({ conversationId: signed, userHash, textContent: 'as a customer' }))
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  const send = (params: Record<string, string>) => world.post('/conversation/sse', params, headers)
  const read = async (params: Record<string, string>) => {
    const response = await world.get('/conversation/history', params, headers)
    const page = (await response.json()) as { messages?: { body: string }[] }
    return { status: response.status, bodies: page.messages?.map(({ body }) => body) }
  }

  it('I59: stay apart, whatever is sent along with either id', async () => {
    expect(await read({ conversationId: anonymous })).toMatchObject({ bodies: ['as nobody', 'You said: as nobody'] })
    // An id that is a secret needs no proof, and one that was made for another id changes nothing about it.
    expect(await read({ conversationId: anonymous, userHash })).toMatchObject({
      status: 200,
      bodies: ['as nobody', 'You said: as nobody'],
    })
    expect(await read({ conversationId: signed, userHash })).toMatchObject({
      bodies: ['as a customer', 'You said: as a customer'],
    })
  })

  it('I59: knowing the anonymous id gives nothing of the signed conversation, before signing out or after', async () => {
    expect(await read({ conversationId: signed })).toMatchObject({ status: 403 })
    expect((await send({ conversationId: signed, textContent: 'as somebody' })).status).toBe(403)
    expect((await read({ conversationId: signed, userHash })).bodies).toHaveLength(2)
  })
})
