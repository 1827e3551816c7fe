/** What every conversation log must do, whatever it is built on. */
import { describe } from 'vitest'
import { appendCases } from './log/append.cases.ts'
import { inboxCases } from './log/inbox.cases.ts'
import { labelsCases } from './log/labels.cases.ts'
import { noticesCases } from './log/notices.cases.ts'
import { readingCases } from './log/reading.cases.ts'
import { removalCases } from './log/removal.cases.ts'
import { logBench } from './log/bench.ts'
import type { LogMedium } from './log/bench.ts'

export function logSuite(name: string, createMedium: () => Promise<LogMedium>): void {
  describe(`the conversation log on ${name}`, () => {
    const bench = logBench(createMedium)
    appendCases(bench)
    readingCases(bench)
    inboxCases(bench)
    labelsCases(bench)
    noticesCases(bench)
    removalCases(bench)
  })
}
