/** JSON that is the same on every page: Prototype.js gives lists a `toJSON` of its own, which makes texts of them. */
export const toJson = (value: unknown): string => JSON.stringify(value, asItIs)

function asItIs(this: Record<string, unknown>, key: string, value: unknown): unknown {
  return Array.isArray(this[key]) ? this[key] : value
}
