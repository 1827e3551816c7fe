/** A screen nobody looks at, for browsers that need one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { findTool } from '../../../scripts/tools.mjs'

/** A running X server. */
export interface Display {
  /** The value of `DISPLAY`. */
  name: string
  stop(): Promise<void>
}

/** Starts Xvfb on a number of its own choice. @throws Error when there is none */
export async function openDisplay(): Promise<Display> {
  const program = findTool('display')
  if (program === undefined) throw new Error('There is no Xvfb. `npm test` installs it or says how.')
  const args = ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp']
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const ended = exited.then(() => Promise.reject(new Error('Xvfb did not start.')))
  ended.catch(() => {})
  const [number] = (await Promise.race([once(child.stdio[3] as Readable, 'data'), ended])) as [Buffer]
  return {
    name: `:${number.toString().trim()}`,
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
