/** What every page works with: one object, made once, handed down by context. */
import { createContext } from 'svelte'
import { createApi, messageOf } from '../api/client.ts'
import type { Api } from '../api/client.ts'
import { Live } from '../api/live.svelte.ts'
import { Preferences } from './preferences.svelte.ts'
import { Router } from './router.svelte.ts'
import { Session } from './session.svelte.ts'
import { Toasts } from './toasts.svelte.ts'

/** The Dashboard's parts. */
export class Dashboard {
  /** Whether the last call reached the server. */
  isReached = $state(true)
  readonly api: Api = createApi({
    onLoggedOut: () => this.session.ended(),
    onReached: (isReached) => (this.isReached = isReached),
  })
  readonly session = new Session(this.api)
  readonly router = new Router()
  readonly live = new Live()
  readonly preferences = new Preferences()
  readonly toasts = new Toasts()

  /** Does something, and tells the person when it fails. Returns whether it was done. */
  async attempt(action: () => Promise<unknown>, done?: string): Promise<boolean> {
    try {
      await action()
      if (done) this.toasts.show(done)
      return true
    } catch (error) {
      this.toasts.show(messageOf(error), 'bad')
      return false
    }
  }
}

/** The Dashboard a component belongs to. */
export const [useDashboard, provideDashboard] = createContext<Dashboard>()
