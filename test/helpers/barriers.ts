/** What shuts somebody out of a page, by axe. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright'
import { expect } from 'vitest'
import { root } from './build.ts'

const axe = readFileSync(`${root}node_modules/axe-core/axe.min.js`, 'utf8')

interface AxeResults {
  violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[]
}

/**
 * Barriers in words; none is an empty list. The page's policy must be off: it lets no tool in.
 * @param within a selector: only there @param rules names or tags of rules
 */
export async function barriers(page: Page, within = 'html', rules = everything): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe)
  return page.evaluate(
    async ([where, chosen]) => {
      const { axe } = globalThis as unknown as { axe: { run(context: string, options: object): Promise<AxeResults> } }
      const { violations } = await axe.run(where, { runOnly: chosen, resultTypes: ['violations'] })
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
      )
    },
    [within, rules] as const,
  )
}

const everything = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Expects none by day and by night. At night only the colours are others. */
export async function expectNoBarriers(page: Page, within?: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate(async () => {
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
      await Promise.allSettled(document.getAnimations().map(({ finished }) => finished))
    })
    const rules = colorScheme === 'light' ? everything : ['color-contrast']
    // Colours may be those of the other theme for a moment more.
    await expect.poll(() => barriers(page, within, rules), { message: colorScheme }).toEqual([])
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
}
