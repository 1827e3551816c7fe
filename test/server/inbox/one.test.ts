/** One conversation by its key, as somebody asks for it who has opened its address. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import { openOffice } from '../desk/office.ts'

describe.each(storages)('one conversation, on %s', (kind) => {
  it('I64: is what the inbox says of it; one that nobody has written in is not there', async () => {
    const place = await openPlace(kind)
    onTestFinished(() => place.dispose())
    const office = await openOffice(place)
    onTestFinished(() => office.world.close())
    const { lumika, integration } = office.world
    const get = (path: string, key = operatorKey) =>
      lumika.fetch(new Request(`http://localhost:3000/api${path}`, { headers: { authorization: `Bearer ${key}` } }))
    await office.send('Hello')
    await office.done('takeover')

    const key = conversationKey(integration.id, office.conversationId)
    const { activities } = (await (await get('/activities')).json()) as { activities: { key: string }[] }
    const listed = activities.find((each) => each.key === key)
    const { activity } = (await (await get(`/conversations/${key}`)).json()) as { activity: object }
    expect(activity).toEqual({ ...listed, updatedAt: expect.any(String) })
    expect(activity).toMatchObject({ mode: 'human', conversationId: office.conversationId })

    const nobody = conversationKey(integration.id, 'nobody')
    for (const path of [`/conversations/${nobody}`, '/conversations/none']) {
      const response = await get(path)
      expect([response.status, await response.json()]).toMatchObject([404, { error: { code: 'not_found' } }])
    }
    expect((await get(`/conversations/${key}`, office.world.token)).status).toBe(401)
  })
})
