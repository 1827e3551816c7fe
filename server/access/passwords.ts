/** Passwords as they are kept: scrypt, of Node's own crypto, in the PHC form `$scrypt$ln=17,r=8,p=1$<salt>$<hash>`. */
import { HttpError } from '../errors.ts'
import { cryptoRandom } from '../random.ts'
import type { RandomSource } from '../random.ts'

/** How passwords are kept. Another one may be handed in where there is no scrypt: all it has to be is slow, and salted. */
export interface Passwords {
  /** What is stored in a password's place. @throws HttpError 429 `rate_limited` when too many wait */
  hash(password: string): Promise<string>
  /** Whether it is the password; takes as long for a wrong one. @throws HttpError 429 `rate_limited` */
  verify(password: string, stored: string): Promise<boolean>
  /** Whether a stored one was made with less effort than is made now, and is to be made anew at the next log-in. */
  isWeak(stored: string): boolean
}

/** Options of `createScrypt`. */
export interface ScryptOptions {
  /** The cost as a power of two. Each takes 1 KiB times two to this power, 128 MiB by default. @default 17, as OWASP says */
  logN?: number
  /** How many are made at once; the others wait. They share Node's four threads with the files. @default 2 */
  atOnce?: number
  /** How many may wait. @default 30 */
  waiting?: number
  /** Where salts come from. @default crypto.getRandomValues */
  random?: RandomSource
}

const blockSize = 8
const form = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22,86})\$([A-Za-z0-9+/]{43})$/

/** Makes scrypt hashes. Node's crypto is loaded with the first of them, so that a server without accounts runs without it. */
export function createScrypt(options: ScryptOptions = {}): Passwords {
  const { logN = 17, atOnce = 2, waiting: most = 30, random = cryptoRandom } = options
  const waiting: (() => void)[] = []
  let running = 0

  async function derive(password: string, salt: Uint8Array, ln: number, r: number, p: number): Promise<Buffer> {
    const { scrypt } = await import('node:crypto')
    const settings = { N: 2 ** ln, r, p, maxmem: 256 * r * (2 ** ln + p) }
    // One text in one spelling: keyboards differ in how they compose letters.
    const text = password.normalize('NFKC')
    return new Promise((resolve, reject) => {
      scrypt(text, salt, 32, settings, (error, key) => (error ? reject(error) : resolve(key)))
    })
  }

  /** Work that waits for its turn. */
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      if (waiting.length >= most) {
        throw new HttpError(429, 'rate_limited', 'Too many people log in at once. Try again in 2 s.', { retryAfter: 2 })
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      // The place goes from hand to hand, so that nobody slips in between.
      if (next) next()
      else running--
    }
  }

  return {
    hash: (password) =>
      inTurn(async () => {
        const salt = random(new Uint8Array(16))
        const key = await derive(password, salt, logN, blockSize, 1)
        return `$scrypt$ln=${logN},r=${blockSize},p=1$${plain(Buffer.from(salt))}$${plain(key)}`
      }),

    async verify(password, stored) {
      const [, ln, r, p, salt = '', hash = ''] = form.exec(stored) ?? []
      if (hash === '') throw new TypeError('That is not a stored password.')
      const { timingSafeEqual } = await import('node:crypto')
      const key = await inTurn(() => derive(password, Buffer.from(salt, 'base64'), Number(ln), Number(r), Number(p)))
      return timingSafeEqual(key, Buffer.from(hash, 'base64'))
    },

    isWeak: (stored) => Number(form.exec(stored)?.[1] ?? 0) < logN,
  }
}

const plain = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
