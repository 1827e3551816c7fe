/** An integration whose tokens come and go, by the operator API. */
import type { IntegrationInput } from '../../../server/access/integration.ts'
import type { ServerProcess } from '../../helpers/server.ts'

/** One that was made for a test. */
export interface TestIntegration {
  id: string
  /** The first token. */
  token: string
  /** For `userHash`. */
  identitySecret: string
  /** Makes one more token. */
  addToken(): Promise<string>
  /** From now on the token is no good. */
  revoke(token: string): Promise<void>
}

interface Created {
  integration: { id: string; identitySecret?: string }
  token: string
  tokenId: string
}

/** Makes an integration of kind `widget`, which any page may use unless the settings say otherwise. */
export async function createIntegration(
  server: ServerProcess,
  settings: Partial<IntegrationInput> = {},
): Promise<TestIntegration> {
  const call = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const headers = { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json' }
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const response = await fetch(`${server.url}/api/integrations${path}`, init)
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response
  }
  const ids = new Map<string, string>()
  const take = async (response: Response): Promise<Created> => {
    const created = (await response.json()) as Created
    ids.set(created.token, created.tokenId)
    return created
  }
  const { integration, token } = await take(await call('POST', '', { name: 'Test', kind: 'widget', ...settings }))
  const { id, identitySecret = '' } = integration
  return {
    ...{ id, token, identitySecret },
    addToken: async () => (await take(await call('POST', `/${id}/tokens`))).token,
    revoke: async (old) => void (await call('DELETE', `/${id}/tokens/${ids.get(old)}`)),
  }
}
