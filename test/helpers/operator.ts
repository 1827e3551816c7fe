/** Somebody who answers by hand: the operator API, as curl would use it. */
import type { IntegrationInput } from '../../server/access/integration.ts'
import type { ServerProcess } from './server.ts'

/** A conversation, as operators see it. */
export interface OperatorView {
  conversationId: string
  /** What is public, oldest first: `customer: Hello`. */
  said: string[]
}

/** What operators do. */
export interface Operator {
  /** Every conversation, latest activity first. */
  conversations(): Promise<OperatorView[]>
  /** Replies in person to the conversation with the latest activity. */
  reply(body: string): Promise<void>
  createIntegration(settings: Partial<IntegrationInput>): Promise<{ token: string }>
}

/** An operator of a server. */
export function operatorOf(server: ServerProcess): Operator {
  const call = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const headers = { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json' }
    const response = await fetch(`${server.url}/api${path}`, { ...init, headers })
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const list = async () =>
    ((await call('/activities')) as { activities: { key: string; conversationId: string }[] }).activities

  return {
    async conversations() {
      const views: OperatorView[] = []
      for (const { key, conversationId } of await list()) {
        const { records } = (await call(`/conversations/${key}/records?limit=200`)) as {
          records: { actor?: string; body?: string; visibility: string }[]
        }
        const open = records.filter(({ visibility }) => visibility === 'public')
        views.push({ conversationId, said: open.map(({ actor, body }) => `${actor}: ${body}`) })
      }
      return views
    },
    createIntegration: async (settings) =>
      (await call('/integrations', { method: 'POST', body: JSON.stringify(settings) })) as { token: string },
    async reply(body) {
      const [latest] = await list()
      await call(`/conversations/${latest?.key}/messages`, { method: 'POST', body: JSON.stringify({ body }) })
    },
  }
}
