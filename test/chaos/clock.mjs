/**
 * Loaded into a server before anything else: a wall clock that is wrong by as many milliseconds as a file says, and
 * steps when the file changes. Timers and `performance.now` go on as they do when somebody sets a real clock.
 */
import { readFileSync } from 'node:fs'

const path = process.env['LUMIKA_CHAOS_CLOCK'] ?? ''
const RealDate = Date
let offset = 0

const look = () => {
  try {
    offset = Number(readFileSync(path, 'utf8')) || 0
  } catch {
    // It is being written, or the run is over: the clock stays as it is.
  }
}

globalThis.Date = class extends RealDate {
  /** @param {any[]} given */
  constructor(...given) {
    // @ts-expect-error: a spread of whatever the caller gave
    super(...(given.length === 0 ? [RealDate.now() + offset] : given))
  }

  static now() {
    return RealDate.now() + offset
  }
}

look()
setInterval(look, 100).unref()
