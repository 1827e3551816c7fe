/**
 * Moments below the log: every call that changes a file, and every script that changes Redis, is a step. A process can
 * die before one (`step 7`), in the middle of what it writes to a file (`torn 7`, the seventh such write), or with a
 * script on its way and its answer not heard (`sent 7`).
 */
import { Redis } from 'ioredis'
import type { FileSystem } from '../../server/storage/files.ts'
import { hookedFs } from '../helpers/faulty-fs.ts'
import type { Doom } from './doom.ts'

/** Calls that change something on a disk, or make a change last. */
const changes = /^(open:[aw]|open:wx|mkdir|appendFile|writeFile|datasync|sync|rename|truncate|unlink|rm|rmdir)$/
const writes = /^(appendFile|writeFile)$/

/** The file system, step by step. The lock does not count: it beats by the clock, whatever else goes on. */
export function doomedFs(doom: Doom): FileSystem {
  let step = 0
  let write = 0
  let isTorn = false
  return hookedFs((call, path) => {
    if (!changes.test(call) || /[\\/]lock[^\\/]*$/.test(path)) return
    // The last call left a torn piece behind; whoever would mend it is dead.
    if (isTorn) doom.die()
    if (!doom.isArmed()) return void (step = write = 0)
    doom.pass(`step ${++step}`)
    if (!writes.test(call) || !doom.is(`torn ${++write}`)) return
    isTorn = true
    throw new Error('Torn off.')
  })
}

/** Has every connection count the scripts it runs: all that changes a conversation in Redis is one. */
export function doomRedis(doom: Doom): void {
  const real = Redis.prototype.sendCommand
  let step = 0
  Redis.prototype.sendCommand = function (command, stream) {
    if (!/^eval/i.test(command.name)) return real.call(this, command, stream)
    step = doom.isArmed() ? step + 1 : 0
    doom.pass(`step ${step}`)
    const reply = real.call(this, command, stream)
    // Node hands it to the system when this turn is over, well before an answer can be read.
    if (doom.is(`sent ${step}`)) process.nextTick(() => doom.die())
    return reply
  }
}
