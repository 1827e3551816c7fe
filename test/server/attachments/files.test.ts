/** What a file is and what it is called, whatever its sender says. */
import { describe, expect, it } from 'vitest'
import { dimensionsOf } from '../../../server/attachments/dimensions.ts'
import { displayName, disposition } from '../../../server/attachments/names.ts'
import { typeOf } from '../../../server/attachments/types.ts'
import { gif, gifAndScript, jpeg, pdf, pdfAndPage, png, refused, webp } from './samples.ts'

describe('the type of a file', () => {
  it('is told by its first bytes', () => {
    expect([png, jpeg, gif, webp, pdf, gifAndScript, pdfAndPage].map(typeOf)).toEqual([
      ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf', 'image/gif', 'application/pdf'],
    ])
    for (const [what, bytes] of Object.entries(refused)) expect([what, typeOf(bytes)]).toEqual([what, null])
    expect(typeOf(new Uint8Array())).toBeNull()
  })

  it('says how large a picture is, wherever its file ends', () => {
    const found = [png, gif, webp, jpeg].map((bytes) => dimensionsOf(typeOf(bytes) ?? 'application/pdf', bytes))
    expect(found.map((one) => [one?.width, one?.height])).toEqual([
      ...[
        [3, 2],
        [5, 4],
        [7, 8],
        [10, 9],
      ],
    ])
    expect(dimensionsOf('application/pdf', pdf)).toBeNull()
    for (const bytes of [png, gif, webp, jpeg]) {
      for (let length = 16; length < bytes.length; length++) {
        const cut = bytes.slice(0, length)
        expect(() => dimensionsOf(typeOf(cut) ?? 'application/pdf', cut)).not.toThrow()
      }
    }
    // Lengths that lead nowhere, and in circles.
    expect(dimensionsOf('image/jpeg', Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xe0, 0, 0]))).toBeNull()
    expect(dimensionsOf('image/jpeg', new Uint8Array(500_000).fill(0xff))).toBeNull()
  })
})

describe('the name of a file', () => {
  it.each([
    ['holiday.PNG', 'holiday.png'],
    ['../../etc/passwd', 'passwd.png'],
    ['..\\..\\Windows\\System32\\evil.exe', 'evil.exe.png'],
    ['/', 'file.png'],
    ['..', 'file.png'],
    ['.htaccess', 'htaccess.png'],
    ['page.html', 'page.html.png'],
    ['vector.svg', 'vector.svg.png'],
    ['picture.png.html', 'picture.png.html.png'],
    ['invoice\u202egnp.exe', 'invoicegnp.exe.png'],
    ['a\u2066b\u2069c\u200f\u061cd.png', 'abcd.png'],
    ['line\r\nSet-Cookie: a=b\0\u2028.png', 'lineSet-Cookie_ a=b.png'],
    ['CON', '_CON.png'],
    ['nul.png', '_nul.png'],
    ['com1.txt.png', '_com1.txt.png'],
    ['console.png', 'console.png'],
    ['a<b>:"|?*.png', 'a_b______.png'],
    ['  spaces \t and  dots . . .png', 'spaces and dots.png'],
    ['\ud800\udc00lone\ud800.png', '\u{10000}lone.png'],
    ['fami\u200dly.png', 'fami\u200dly.png'],
    ['e\u0301te\u0301.png', '\u00e9t\u00e9.png'],
    ['\u0627\u0633\u0645.png', '\u0627\u0633\u0645.png'],
    ['__proto__', '__proto__.png'],
    ['\u202e\u0000', 'file.png'],
  ])('%j is shown as %j', (given, shown) => {
    expect(displayName(given, 'image/png')).toBe(shown)
  })

  it('is never long, keeps its ending, and is whole at its end', () => {
    for (const given of [
      'x'.repeat(300) + '.png',
      '\u{1f4a9}'.repeat(200),
      'a.'.repeat(2_000),
      'x\u{1f600}'.repeat(90),
    ]) {
      const name = displayName(given, 'image/png')
      expect(name.length).toBeLessThanOrEqual(120)
      expect(name).toMatch(/[^.\s\ud800-\udbff]\.png$/)
    }
    expect(displayName('scan.JPEG', 'image/jpeg')).toBe('scan.jpeg')
    expect(displayName('scan.png', 'image/jpeg')).toBe('scan.png.jpg')
  })

  it('is told in a header that it cannot break out of', () => {
    expect(disposition('a.png')).toBe(`attachment; filename="a.png"; filename*=UTF-8''a.png`)
    expect(disposition('"; x="\u00e9\'(1)*%.png')).toBe(
      `attachment; filename="_; x=__'(1)*_.png"; filename*=UTF-8''%22%3B%20x%3D%22%C3%A9%27%281%29%2A%25.png`,
    )
  })
})
