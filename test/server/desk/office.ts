/** A server with the people behind it: what they call, and what the customer gets to see. */
import { expect } from 'vitest'
import type { ConversationRecord, HistoryPage } from '../../../protocol.ts'
import type { IntegrationInput } from '../../../server/access/integration.ts'
import type { ActivityView } from '../../../server/conversations/activity.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { OperatorRecord, RecordsPage } from '../../../server/conversations/records.ts'
import { spyResponder } from '../../helpers/responder.ts'
import type { SpyResponder } from '../../helpers/responder.ts'
import { allEvents } from '../../helpers/sse.ts'
import type { Received } from '../../helpers/sse.ts'
import { openWorld, operatorKey } from '../../helpers/world.ts'
import type { Place, World, WorldOptions } from '../../helpers/world.ts'

/** A conversation, from both sides. */
export interface Office {
  world: World
  place: Place
  conversationId: string
  /** A call of the operators' about this conversation. */
  call(path: string, body?: object): Promise<Response>
  /** The same, which has to succeed. */
  done(path: string, body?: object): Promise<{ record: OperatorRecord & { body: string } }>
  send(text: string): Promise<Received[]>
  /** The customer's view. */
  messages(afterId?: string): Promise<ConversationRecord[]>
  bodies(): Promise<string[]>
  /** The operators' view. */
  records(): Promise<OperatorRecord[]>
  /** Waits for so many drafts, and gives all there are. */
  drafts(count: number): Promise<OperatorRecord[]>
  activity(): Promise<ActivityView>
  /** The inbox in one state. */
  listed(state: string): Promise<ActivityView[]>
}

let count = 0

/** Opens a server on a place, and a conversation of its own. */
export async function openOffice(
  place: Place,
  integration: Partial<IntegrationInput> = {},
  responder: SpyResponder = spyResponder(({ text }) => [`An answer to ${text}`]),
  more: WorldOptions = {},
): Promise<Office> {
  const world = await openWorld(place, { responder, integration, ...more })
  return officeOf(world, `customer-${++count}`, place)
}

/** A conversation at a server. */
export function officeOf(world: World, conversationId: string, place: Place): Office {
  const key = conversationKey(world.integration.id, conversationId)
  const ask = (path: string, body?: object) =>
    world.lumika.fetch(
      new Request(`http://localhost:3000/api${path}`, {
        headers: { authorization: `Bearer ${operatorKey}`, ...(body && { 'content-type': 'application/json' }) },
        method: 'POST',
        ...(body && { body: JSON.stringify(body) }),
      }),
    )
  const read = async <T>(path: string): Promise<T> => {
    const headers = { authorization: `Bearer ${operatorKey}` }
    return (await world.lumika.fetch(new Request(`http://localhost:3000/api${path}`, { headers }))).json() as T
  }
  const office: Office = {
    ...{ world, conversationId, place },
    call: (path, body) => ask(`/conversations/${key}/${path}`, body),
    async done(path, body) {
      const response = await office.call(path, body)
      const answer = (await response.json()) as { record: OperatorRecord & { body: string } }
      expect([path, response.status < 300, answer]).toEqual([path, true, answer])
      return answer
    },
    send: async (textContent) => allEvents(await world.post('/conversation/sse', { conversationId, textContent })),
    async messages(afterId) {
      const params = { conversationId, limit: '200', ...(afterId && { afterId }) }
      return ((await (await world.get('/conversation/history', params)).json()) as HistoryPage).messages
    },
    bodies: async () => (await office.messages()).map(({ body }) => body),
    records: async () => (await read<RecordsPage>(`/conversations/${key}/records?limit=200`)).records,
    async drafts(wanted) {
      const found = async () => (await office.records()).filter(({ type }) => type === 'draft')
      await expect.poll(async () => (await found()).length, { timeout: 10_000 }).toBe(wanted)
      return found()
    },
    listed: async (state) => (await read<{ activities: ActivityView[] }>(`/activities?state=${state}`)).activities,
    async activity() {
      const { activities } = await read<{ activities: (ActivityView & { key: string })[] }>('/activities?limit=200')
      return activities.find((each) => each.key === key) as ActivityView
    },
  }
  return office
}

/** The same conversation at a second server, where the storage is for several; files are for one. */
export const nextDoor = async (office: Office): Promise<Office> =>
  office.place.kind === 'fs' ? office : officeOf(await office.world.another(), office.conversationId, office.place)
