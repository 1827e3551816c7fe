/** A visitor erases the conversation. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { sha256 } from '../../../server/random.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { nextDoor, openOffice } from '../desk/office.ts'
import type { Office } from '../desk/office.ts'

const path = '/conversation/erase'

describe.each(storages)('an erasure by the visitor, on %s', (kind) => {
  let place: Place
  let office: Office
  const gate = { current: valve() }
  beforeEach(async () => {
    gate.current = valve()
    place = await openPlace(kind)
    const slow = spyResponder(async function* ({ text }) {
      yield `An answer to ${text}`
      if (text === 'slow') await gate.current.opened
    })
    office = await openOffice(place, {}, slow)
  })
  afterEach(async () => {
    gate.current.open()
    await office.world.close()
    await place.dispose()
  })

  const api = async <T>(rest: string, patch?: object) => {
    const headers = { authorization: `Bearer ${operatorKey}`, ...(patch && { 'content-type': 'application/json' }) }
    const init = { headers, ...(patch && { method: 'PATCH', body: JSON.stringify(patch) }) }
    const response = await office.world.lumika.fetch(new Request(`http://localhost:3000/api${rest}`, init))
    return { status: response.status, body: (await response.json()) as T }
  }
  const erase = (conversationId = office.conversationId, at = office) => at.world.post(path, { conversationId })
  const key = () => conversationKey(office.world.integration.id, office.conversationId)

  it('leaves nothing but a line that says who did it, also of what is being written, and may be made again', async () => {
    const other = await nextDoor(office)
    await office.send('Hello')
    await office.done('notes', { body: 'A regular.' })
    void office.send('slow').catch(() => [])
    await expect.poll(() => office.world.responder.requests.length, { timeout: 10_000 }).toBe(2)
    expect((await erase(office.conversationId, other)).status).toBe(204)
    gate.current.open()
    expect((await erase()).status).toBe(204)

    for (const at of [office, other]) expect(await at.messages()).toEqual([])
    expect((await api(`/conversations/${key()}/records`)).status).toBe(404)
    expect((await api<{ activities: unknown[] }>('/activities')).body.activities).toEqual([])
    const { entries } = (await api<{ entries: Record<string, string>[] }>('/audit')).body
    const integrationId = office.world.integration.id
    expect(entries.filter(({ action }) => action === 'conversation-erased')).toEqual([
      {
        ...{ id: expect.any(String) as string, at: expect.any(String) as string, action: 'conversation-erased' },
        ...{ by: 'The visitor', byId: 'visitor', target: await sha256(key()), integrationId },
      },
    ])
    expect(JSON.stringify(entries)).not.toContain(office.conversationId)
    await office.send('Anew')
    expect(await office.bodies()).toEqual(['Anew', 'An answer to Anew'])
    if (other !== office) await other.world.close()
  })

  it('is refused where it is turned off, by a request that is none, and without proof', async () => {
    await office.send('Hello')
    const { id } = office.world.integration
    const config = async () => ((await (await office.world.get('/widget/config')).json()) as { widget: object }).widget
    expect(await config()).toEqual({})
    expect((await api<{ integration: object }>(`/integrations/${id}`)).body.integration).toMatchObject({
      visitorErase: true,
    })
    const { conversationId } = office
    expect((await office.world.get(path, { conversationId })).status).toBe(405)
    for (const headers of [{ 'sec-fetch-mode': 'navigate' }, { 'sec-fetch-mode': 'no-cors' }]) {
      expect((await office.world.post(path, { conversationId }, headers)).status).toBe(403)
    }
    const page = await office.world.lumika.registry.create({ name: 'Shop', kind: 'widget', allowedDomains: [] })
    const stranger = { integrationToken: page.token, conversationId: 'customer-42' }
    const unproven = await office.world.post(path, stranger, { origin: 'https://shop.example' })
    expect([unproven.status, await unproven.json()]).toMatchObject([403, { error: { code: 'identity_required' } }])

    expect((await api(`/integrations/${id}`, { visitorErase: 'no' })).status).toBe(400)
    expect((await api(`/integrations/${id}`, { visitorErase: false })).body).toMatchObject({
      integration: { visitorErase: false },
    })
    const refused = await erase()
    expect([refused.status, await refused.json()]).toMatchObject([403, { error: { code: 'request_not_allowed' } }])
    expect(await config()).toEqual({ erase: false })
    expect(await office.bodies()).toEqual(['Hello', 'An answer to Hello'])
    await api(`/integrations/${id}`, { visitorErase: true })
    expect((await erase()).status).toBe(204)
    expect(await office.bodies()).toEqual([])
  })
})
