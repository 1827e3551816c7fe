/** How a site's own server proves who its visitor is, in four languages: `userHash`, the HMAC-SHA-256 of two lines. */

/** A language, and the code for an integration. */
export interface Sample {
  language: string
  code: string
}

/** The samples for an integration. The secret stands in the environment, never in the page. */
export const samplesFor = (integrationId: string): Sample[] => [
  {
    language: 'Node',
    code: `import { createHmac } from 'node:crypto'

const userHash = createHmac('sha256', process.env.LUMIKA_IDENTITY_SECRET)
  .update(\`${integrationId}\\n\${customerId}\`)
  .digest('hex')`,
  },
  {
    language: 'PHP',
    code: `<?php
$userHash = hash_hmac('sha256', "${integrationId}\\n" . $customerId, getenv('LUMIKA_IDENTITY_SECRET'));`,
  },
  {
    language: 'Python',
    code: `import hashlib, hmac, os

user_hash = hmac.new(
    os.environ["LUMIKA_IDENTITY_SECRET"].encode(),
    f"${integrationId}\\n{customer_id}".encode(),
    hashlib.sha256,
).hexdigest()`,
  },
  {
    language: 'Ruby',
    code: `require "openssl"

user_hash = OpenSSL::HMAC.hexdigest("SHA256", ENV["LUMIKA_IDENTITY_SECRET"], "${integrationId}\\n#{customer_id}")`,
  },
]
