import { describe, expect, test } from 'vitest'
import { addressKey } from '../../../server/limits/address.ts'

describe('F105: what counts as one address', () => {
  const cases: [address: string | undefined, key: string | null][] = [
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:0000:0000:0000:0009', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, null],
    ['', null],
    ['unknown', null],
    ['a:b', null],
  ]
  test.each(cases)('%s counts as %s', (address, key) => expect(addressKey(address)).toBe(key))
})
