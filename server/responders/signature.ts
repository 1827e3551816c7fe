/** Signatures on what is sent to somebody's own code: `t=<unix seconds>,v1=<hex HMAC-SHA256(secret, t + "." + body)>`. */

const encoder = new TextEncoder()

/** The value of a `Lumika-Signature` header. */
export async function sign(secret: string, body: string, now: () => number = Date.now): Promise<string> {
  const time = Math.floor(now() / 1_000)
  const mac = await crypto.subtle.sign('HMAC', await keyOf(secret), encoder.encode(`${time}.${body}`))
  return `t=${time},v1=${[...new Uint8Array(mac)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** How signatures are checked. */
export interface VerifyOptions {
  /** Oldest, and newest, signature that is taken, in seconds. Security: bounds how long a recorded request works. @default 300 */
  toleranceSeconds?: number
  /** The clock, in milliseconds. @default Date.now */
  now?: () => number
}

/**
 * Whether a request is from the server that knows the secret.
 * @param header the `Lumika-Signature` header
 * @param body the request's body, exactly as received: read it as text before parsing it
 */
export async function verify(
  secret: string,
  header: string | null | undefined,
  body: string,
  options: VerifyOptions = {},
): Promise<boolean> {
  const { toleranceSeconds = 300, now = Date.now } = options
  const parts = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '')
  if (!parts || Math.abs(now() / 1_000 - Number(parts[1])) > toleranceSeconds) return false
  const mac = Uint8Array.from(parts[2]?.match(/../g) ?? [], (byte) => parseInt(byte, 16))
  return crypto.subtle.verify('HMAC', await keyOf(secret), mac, encoder.encode(`${parts[1]}.${body}`))
}

const keyOf = (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
