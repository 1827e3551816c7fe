/** The values of flags, checked. Each throws a UsageError that says what would be right. */
import { isIP } from 'node:net'
import { UsageError } from './errors.ts'

/** A port. */
export function parsePort(text: string, name: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(port <= 65_535)) throw new UsageError(`${name} must be a whole number from 0 to 65535.`)
  return port
}

/** A number of bytes. */
export function parseBytes(text: string, name: string): number {
  const bytes = /^\d{1,12}$/.test(text) ? Number(text) : 0
  if (bytes < 1) throw new UsageError(`${name} must be a whole number of bytes, from 1 on.`)
  return bytes
}

/** Any text that is not empty. */
export function parseText(text: string, name: string): string {
  if (text.trim() === '') throw new UsageError(`${name} needs a value.`)
  return text.trim()
}

/** A secret that is long enough. */
export function parseKey(text: string, name: string): string {
  if (!/^[\x21-\x7e]{16,200}$/.test(text)) {
    throw new UsageError(`${name} must be 16 to 200 visible ASCII characters without spaces.`)
  }
  return text
}

/** An address without a path. */
export function parseOrigin(text: string, name: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isOrigin = url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`
  if (!isOrigin) throw new UsageError(`${name} must be an address such as https://chat.example.com, without a path.`)
  return url.origin
}

/** Addresses of reverse proxies. */
export function parseProxies(text: string, name: string): 'loopback' | string[] {
  if (text.trim() === 'loopback') return 'loopback'
  const addresses = text.split(',').map((entry) => entry.trim())
  if (addresses.every((address) => isIP(address) !== 0)) return addresses
  throw new UsageError(`${name} must be loopback, or IP addresses with commas between them.`)
}

/** On or off. */
export function parseSwitch(text: string, name: string): boolean {
  if (/^(1|true|yes|on)$/i.test(text)) return true
  if (/^(0|false|no|off)$/i.test(text)) return false
  throw new UsageError(`${name} must be true or false.`)
}
