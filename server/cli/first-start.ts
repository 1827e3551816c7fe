/** What a server needs before anybody can use it: an integration for this machine's pages, and an operator key. */
import { loopbackHosts } from '../access/domains.ts'
import type { Integration } from '../access/integration.ts'
import { cryptoRandom, randomBase64Url } from '../random.ts'
import type { Registry } from '../access/registry.ts'

/** Makes what is missing. Returns the operator key if it was made just now: it is kept hashed, so it is shown once. */
export async function prepare(registry: Registry): Promise<{ operatorKey: string | null }> {
  if (registry.list().length === 0) {
    await registry.create({ name: 'This computer', kind: 'widget', allowedDomains: [...loopbackHosts] })
  }
  if (registry.hasOperatorKey()) return { operatorKey: null }
  const operatorKey = `lok_${randomBase64Url(24, cryptoRandom)}`
  // Another process may have been faster; then its key counts, and ours was never one.
  return { operatorKey: (await registry.setOperatorKey(operatorKey, { ifAbsent: true })) ? operatorKey : null }
}

/** The token of the first live widget integration that this machine's own pages may use. */
export function localToken(integrations: readonly Integration[]): string | null {
  for (const { kind, allowedDomains, tokens } of integrations) {
    if (kind !== 'widget' || (allowedDomains.length > 0 && !allowedDomains.includes('localhost'))) continue
    const token = tokens.findLast(({ value }) => value !== undefined)?.value
    if (token !== undefined) return token
  }
  return null
}
