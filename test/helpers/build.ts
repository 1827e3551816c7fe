/** The built package, as a user gets it. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The path of a built file, such as `dist/widget.js`. @throws Error when there is no build */
export function built(name: string): string {
  const path = `${root}${name}`
  if (!existsSync(path)) throw new Error(`${name} is missing. Run \`npm run build\` first; \`npm test\` does.`)
  return path
}
