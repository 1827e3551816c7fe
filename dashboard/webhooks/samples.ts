/** How a receiver makes sure that a request is ours: the samples of docs/webhooks.md, which are tried there. */
import type { Sample } from '../integrations/samples.ts'

/** For languages that shops are written in. The secret stands in the receiver's environment. */
export const signatureSamples: Sample[] = [
  {
    language: 'Node',
    code: `import { createHmac, timingSafeEqual } from 'node:crypto'

export function isFromLumika(secret, header, body) {
  const [, time, mac] = /^t=(\\d+),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? []
  if (!mac || Math.abs(Date.now() / 1000 - time) > 300) return false
  const expected = createHmac('sha256', secret).update(\`\${time}.\${body}\`).digest()
  return timingSafeEqual(expected, Buffer.from(mac, 'hex'))
}`,
  },
  {
    language: 'PHP',
    code: `function is_from_lumika(string $secret, string $header, string $body): bool {
    if (!preg_match('/\\At=(\\d+),v1=([0-9a-f]{64})\\z/', $header, $match)) return false;
    if (abs(time() - (int) $match[1]) > 300) return false;
    return hash_equals(hash_hmac('sha256', $match[1] . '.' . $body, $secret), $match[2]);
}
// is_from_lumika($secret, $_SERVER['HTTP_LUMIKA_SIGNATURE'] ?? '', file_get_contents('php://input'))`,
  },
  {
    language: 'Python',
    code: `import hashlib, hmac, re, time

def is_from_lumika(secret: str, header: str, body: bytes) -> bool:
    match = re.fullmatch(r't=(\\d+),v1=([0-9a-f]{64})', header or '', re.ASCII)
    if not match or abs(time.time() - int(match[1])) > 300:
        return False
    expected = hmac.new(secret.encode(), match[1].encode() + b'.' + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, match[2])`,
  },
  {
    language: 'Ruby',
    code: `require 'openssl'

def from_lumika?(secret, header, body)
  match = /\\At=(\\d+),v1=([0-9a-f]{64})\\z/.match(header.to_s) or return false
  return false if (Time.now.to_i - match[1].to_i).abs > 300
  expected = OpenSSL::HMAC.hexdigest('SHA256', secret, "#{match[1]}.#{body}")
  OpenSSL.fixed_length_secure_compare(expected, match[2])
end`,
  },
]
