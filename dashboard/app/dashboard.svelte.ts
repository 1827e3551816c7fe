/** What every page works with: one object, made once, handed down by context. */
import { createContext } from 'svelte'
import { createApi, messageOf } from '../api/client.ts'
import type { Api } from '../api/client.ts'
import { Live } from '../api/live.svelte.ts'
import { Resource } from '../api/resource.svelte.ts'
import type { Colleague } from '../api/live.svelte.ts'
import type { Activity, CannedReply, Integration, TeamMember } from '../api/types.ts'
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
  readonly live = new Live({ onBroken: () => void this.session.ask() })
  readonly preferences = new Preferences()
  readonly toasts = new Toasts()
  /** Everybody who may log in. */
  readonly team = new Resource(async () => (await this.api.get<{ operators: TeamMember[] }>('operators')).operators)
  readonly integrations = new Resource(
    async () => (await this.api.get<{ integrations: Integration[] }>('integrations')).integrations,
  )
  /** Replies that everybody has ready. */
  readonly replies = new Resource(
    async () => (await this.api.get<{ cannedReplies: CannedReply[] }>('canned-replies')).cannedReplies,
  )
  /** How many conversations nobody has read; counted up to 100. */
  readonly unread = new Resource(async () => {
    const { activities } = await this.api.get<{ activities: Activity[] }>('activities', { state: 'unread', limit: 100 })
    return activities.length
  })

  /** Who else looks at a conversation. */
  others(key: string): Colleague[] {
    return (this.live.present.get(key) ?? []).filter(({ id }) => id !== this.session.operator?.id)
  }

  /** What stands before the name of a page, so that a tab in the background tells that somebody waits. */
  get titlePrefix(): string {
    const count = this.unread.value ?? 0
    return count > 0 ? `(${count > 99 ? '99+' : count}) ` : ''
  }

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
