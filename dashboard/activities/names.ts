/** How customers are called of whom nothing is known but an id. */
import type { Activity } from '../api/types.ts'

/** A name to tell a customer by. Ids that servers make say nothing to people; those of a site's own are their names. */
export function customerName({ conversationId }: Pick<Activity, 'conversationId'>): string {
  return /^c_[\w-]{22,}$/.test(conversationId) ? `Visitor ${conversationId.slice(2, 6)}` : conversationId
}
