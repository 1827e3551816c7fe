import type { OperatorRecord } from '../api/types.ts'

/** Known records and others, each once, in their order: times never decrease in a conversation, so they tell which came first. */
export function merge(known: readonly OperatorRecord[], others: readonly OperatorRecord[]): OperatorRecord[] {
  const all = new Map([...known, ...others].map((record) => [`${record.visibility} ${record.id}`, record]))
  return [...all.values()].toSorted((one, other) =>
    one.createdAt < other.createdAt ? -1 : one.createdAt > other.createdAt ? 1 : 0,
  )
}
