/** Pictures of films for docs/screenshots. They are taken by every run and kept by those that are asked to. */
import { mkdir, writeFile } from 'node:fs/promises'
import type { Page } from 'playwright'
import { root } from './build.ts'

/** Takes a picture; `LUMIKA_PICTURES=1` keeps it as `docs/screenshots/NAME.png`. */
export async function frame(page: Page, name: string): Promise<void> {
  const picture = await page.screenshot({ caret: 'hide' })
  if (!process.env['LUMIKA_PICTURES']) return
  await mkdir(`${root}docs/screenshots`, { recursive: true })
  await writeFile(`${root}docs/screenshots/${name}.png`, picture)
}
