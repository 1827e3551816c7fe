import { describe, expect, test } from 'vitest'
import { byShortcut, filledIn } from '../../../dashboard/activities/canned.ts'

const values = { customer: 'customer-42', me: 'Ana' }

describe('a ready reply', () => {
  test.each([
    ['Hello {{customer}}, this is {{ me }}.', 'Hello customer-42, this is Ana.'],
    ['{{me}}{{me}}', 'AnaAna'],
    ['{{order}} of {{customer}}', '{{order}} of customer-42'],
    ['{{constructor}} {{__proto__}} {{toString}}', '{{constructor}} {{__proto__}} {{toString}}'],
    ['{me} {{}} {{1}}', '{me} {{}} {{1}}'],
  ])('%j reads %j', (body, text) => expect(filledIn(body, values)).toBe(text))

  test('is filled in once: what a customer is called is no variable', () => {
    expect(filledIn('{{customer}}', { customer: '{{me}} $& $1', me: 'Ana' })).toBe('{{me}} $& $1')
  })

  test('comes by its shortcut, when that is all there is', () => {
    const hello = { id: 'a', title: 'Hello', body: 'Hello!', shortcut: 'hi' }
    const bare = { id: 'b', title: 'Bye', body: 'Bye!', shortcut: null }
    expect(byShortcut([bare, hello], '/hi')).toBe(hello)
    expect(byShortcut([bare, hello], '/hi ')).toBe(hello)
    for (const typed of ['hi', '/', '/null', '/h', 'so /hi', ''])
      expect(byShortcut([bare, hello], typed)).toBeUndefined()
  })
})
