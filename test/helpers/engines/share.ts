/** What a run tries in which engine, where the case is the same and only its variants are many. */
import type { EngineName } from './engine.ts'

const isLong = Boolean(process.env['LUMIKA_LONG'])

/** Whether this engine tries everything: Chromium does, and all three in the long run. */
export const triesAll = (name: EngineName): boolean => isLong || name === 'chromium'

/**
 * Of a table of variants, those that this engine tries: all, or the telling ones.
 * @param isTelling what is tried in every engine, in every run
 */
export const shareOf = <T>(name: EngineName, all: readonly T[], isTelling: (one: T, at: number) => boolean): T[] =>
  triesAll(name) ? [...all] : all.filter(isTelling)
