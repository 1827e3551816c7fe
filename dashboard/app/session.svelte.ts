/** Who is here. */
import type { Api } from '../api/client.ts'
import { messageOf } from '../api/client.ts'
import type { Operator } from '../api/types.ts'

/** The answer of `GET /api/session`. */
interface SessionAnswer {
  operator: Operator | null
  hasOwner: boolean
}

/** The session of this browser. */
export class Session {
  /** Who is logged in; null: nobody. */
  operator: Operator | null = $state.raw(null)
  /** Whether the server has an owner; without one, the first has to be made. */
  hasOwner = $state(true)
  /** Whether the server has said so, or why it has not. */
  state: 'asking' | 'known' | { problem: string } = $state.raw('asking')
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** Asks who is here. */
  async ask(): Promise<void> {
    try {
      const { operator, hasOwner } = await this.#api.get<SessionAnswer>('session')
      this.operator = operator
      this.hasOwner = hasOwner
      this.state = 'known'
    } catch (error) {
      // Whoever is at work stays there while the server is away.
      if (this.state !== 'known') this.state = { problem: messageOf(error) }
    }
  }

  /** @throws ApiError */
  async logIn(name: string, password: string): Promise<void> {
    await this.#enter('session', { name, password })
  }

  /** The first owner, by the operator key, or somebody invited. @throws ApiError */
  async join(proof: { operatorKey: string } | { invitation: string }, name: string, password: string): Promise<void> {
    await this.#enter('operators', { ...proof, name, password })
    this.hasOwner = true
  }

  /** @param everywhere on all other devices, too @throws ApiError */
  async logOut(everywhere = false): Promise<void> {
    await this.#api.delete(everywhere ? 'sessions' : 'session')
    this.ended()
  }

  /** The server knows this session no more. */
  ended(): void {
    this.operator = null
  }

  async #enter(path: string, body: object): Promise<void> {
    this.operator = (await this.#api.post<{ operator: Operator }>(path, body)).operator
  }
}
