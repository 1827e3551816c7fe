/** How customers are called of whom nothing is known but an id. */
import type { Activity } from '../api/types.ts'

type Named = Pick<Activity, 'conversationId'>

/** Whether the id was made by chance, in the visitor's browser or by the server. */
export const isAnonymous = ({ conversationId }: Named): boolean => /^c_[\w-]{22,}$/.test(conversationId)

/** A name to tell a customer by. Ids made by chance say nothing to people; those of a site's own are their names. */
export const customerName = (activity: Named): string =>
  isAnonymous(activity) ? `Visitor ${activity.conversationId.slice(2, 6)}` : activity.conversationId

/** People in one breath: two by name, more by their number. */
export function together(people: readonly { name: string }[]): string {
  const [one, two, ...more] = people.map(({ name }) => name)
  if (two === undefined) return one ?? ''
  return more.length > 0 ? `${one}, ${two} and ${more.length} more` : `${one} and ${two}`
}
