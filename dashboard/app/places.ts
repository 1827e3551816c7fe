/** The places of the Dashboard. The navigation, the pages and the tests of all of them go by this list. */
import type { Component } from 'svelte'
import type { IconName } from '../ui/icons.ts'

/** A place one can go to. */
export interface Place {
  /** The first part of its addresses. */
  path: string
  label: string
  icon: IconName
  /** Loads its page when it is first wanted. @default the page is there from the start */
  load?: () => Promise<{ default: Component }>
  /** Others neither find it nor get in: the server would refuse them whatever it shows. @default false */
  isForOwners?: boolean
}

/** All of them, in the order in which they are shown. On a phone, what owners alone have is under "More". */
export const places = [
  { path: 'activities', label: 'Activities', icon: 'inbox' },
  {
    path: 'integrations',
    label: 'Integrations',
    icon: 'plug',
    load: () => import('../integrations/Integrations.svelte'),
  },
  { path: 'replies', label: 'Replies', icon: 'bolt', load: () => import('../replies/Replies.svelte') },
  { path: 'people', label: 'People', icon: 'people', load: () => import('../people/People.svelte') },
  {
    path: 'webhooks',
    label: 'Webhooks',
    icon: 'hook',
    load: () => import('../webhooks/Webhooks.svelte'),
    isForOwners: true,
  },
  { path: 'audit', label: 'Audit', icon: 'list', load: () => import('../audit/AuditPage.svelte'), isForOwners: true },
] as const satisfies Place[]
