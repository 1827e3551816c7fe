/** `--limits`: names and numbers of rate limits. */
import { defaultLimits } from '../limits/settings.ts'
import type { LimitSettings } from '../limits/settings.ts'
import { UsageError } from './errors.ts'
import { flagName } from './names.ts'

const limitNames = Object.keys(defaultLimits) as (keyof LimitSettings)[]

/** The limits and their defaults, a line each. */
export const limitsHelp = (): string =>
  limitNames.map((name) => `  ${flagName(name).padEnd(26)}${defaultLimits[name]}`).join('\n')

/** Limits that differ from the defaults. */
export function parseLimits(text: string, name: string): Partial<LimitSettings> {
  if (text.trim() === 'off') return Object.fromEntries(limitNames.map((each) => [each, Infinity]))
  const entries = text.split(',').map((entry) => {
    const [given = '', count = ''] = entry.trim().split('=')
    const known = limitNames.find((each) => flagName(each) === given)
    if (!known)
      throw new UsageError(`${name}: ${given || 'an empty entry'} is none of ${limitNames.map(flagName).join(', ')}.`)
    if (count !== 'off' && !/^\d{1,9}$/.test(count))
      throw new UsageError(`${name}: give ${given} a whole number, or off.`)
    return [known, count === 'off' ? Infinity : Number(count)]
  })
  return Object.fromEntries(entries) as Partial<LimitSettings>
}
