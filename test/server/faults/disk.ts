/** A small disk of one's own, that can fill up and be made read-only; where mounting is not allowed, one that behaves like it. */
import { execFileSync } from 'node:child_process'
import type { FileSystem } from '../../../server/storage/files.ts'
import { hookedFs, systemError } from '../../helpers/faulty-fs.ts'

/** A disk, mounted on a folder. */
export interface Disk {
  /** What reaches it. */
  fs: FileSystem
  /** Makes it larger. */
  makeRoom(): void
  setReadOnly(isReadOnly: boolean): void
  remove(): void
}

const writes = /^(open:(?!r$)|appendFile|writeFile|mkdir|rename|rm|rmdir|truncate|unlink|utimes|access)/

/** Mounts a disk of 160 KB on an empty folder. */
export function mountDisk(folder: string): Disk {
  const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'ignore' })
  try {
    mount('-t', 'tmpfs', '-o', 'size=160k', 'tmpfs', folder)
  } catch {
    return pretendedDisk()
  }
  return {
    fs: hookedFs(() => {}),
    makeRoom: () => mount('-o', 'remount,size=2m', folder),
    setReadOnly: (isReadOnly) => mount('-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, folder),
    remove: () => execFileSync('umount', ['-l', folder]),
  }
}

function pretendedDisk(): Disk {
  let room = 80
  let isWritable = true
  return {
    fs: hookedFs((call) => {
      if (!isWritable && writes.test(call)) throw systemError('EROFS')
      if (call === 'appendFile' && room-- <= 0) throw systemError('ENOSPC')
    }),
    makeRoom: () => (room = Infinity),
    setReadOnly: (isReadOnly) => (isWritable = !isReadOnly),
    remove: () => {},
  }
}
