/** Files in conversations: allowed by a switch, seen by the team, and sent with a reply. */
import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Attachment } from '../../../protocol.ts'
import { expectNoBarriers } from '../../helpers/barriers.ts'
import { openOffice } from '../../helpers/dashboard.ts'

const office = openOffice({ path: '/integrations' })

test('files are allowed by a switch, shown small or by name, saved by a click, and sent with a reply', async () => {
  const { page, problems } = office.desk
  await page.getByRole('link', { name: /This computer/ }).click()
  const allow = page.getByRole('checkbox', { name: 'Visitors and the team may send files' })
  await allow.check()
  await page.getByText('Saved.').first().waitFor()

  const conversationId = `c_visitor-with-files-${Date.now()}`
  const picture = await upload(conversationId, 'My \u202eteapot.png', drawnPng(320, 200))
  const paper = await upload(conversationId, 'invoice.html', Buffer.from('%PDF-1.7 <script>alert(1)</script>'))
  const body = new URLSearchParams({
    ...{ integrationToken: office.server.token, conversationId, textContent: 'It arrived like this' },
    attachments: [picture.id, paper.id].join(),
  })
  const { url } = office.server
  await (await fetch(`${url}/conversation/sse`, { method: 'POST', body, headers: { origin: url } })).text()

  await page.goto(`${url}/dashboard/activities`)
  await page.getByRole('link', { name: /It arrived like this/ }).click()
  const message = page.getByRole('article', { name: /^Customer/ })
  const image = message.locator('img')
  await image.waitFor()
  await expect.poll(() => image.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(320)
  await message.getByText('invoice.html.pdf').waitFor()
  expect(await message.getByRole('link').allInnerTexts()).toMatchObject([/My teapot\.png\s+\S+ kB/, /invoice.html.pdf/])
  const saving = page.waitForEvent('download')
  await message.getByRole('link', { name: /invoice/ }).click()
  expect((await saving).suggestedFilename()).toBe('invoice.html.pdf')

  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Attach files' }).click(),
  ])
  await chooser.setFiles([
    { name: 'label.png', mimeType: 'image/png', buffer: drawnPng(60, 40) },
    { name: 'vector.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') },
  ])
  const waiting = page.getByRole('list', { name: 'Files to send' })
  await waiting.getByText('Only files of these types').waitFor()
  await expectNoBarriers(page)
  await shoot('files-compose')
  await waiting.getByRole('button', { name: 'Remove vector.svg' }).click()
  // Without a word of one's own the names are what is said.
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  const reply = page.getByRole('article', { name: /^Ana Lima/ })
  await reply.locator('img').waitFor()
  expect(await reply.locator('.bubble').innerText()).toBe('label.png')
  expect(await waiting.count()).toBe(0)
  await expect.poll(() => reply.locator('img').evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(60)

  await shoot('files-sent')
  await page.setViewportSize({ width: 390, height: 800 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await expectNoBarriers(page)
  await shoot('files-phone')
  expect(problems).toEqual([])
})

/** Pictures for whoever changes how it looks: `LUMIKA_SHOTS` names a folder. */
async function shoot(name: string): Promise<void> {
  const folder = process.env['LUMIKA_SHOTS']
  if (folder) await office.desk.page.screenshot({ path: `${folder}/${name}.png` })
}

async function upload(conversationId: string, name: string, file: Buffer): Promise<Attachment> {
  const { url, token } = office.server
  const query = new URLSearchParams({ integrationToken: token, conversationId, name })
  const response = await fetch(`${url}/conversation/attachments?${query}`, {
    ...{ method: 'POST', body: new Uint8Array(file), headers: { origin: url } },
  })
  return ((await response.json()) as { attachment: Attachment }).attachment
}

/** A picture that can be drawn: grey, becoming lighter from above. */
function drawnPng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc(body))
    return Buffer.concat([length, body, sum])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head[8] = 8
  const rows = Array.from({ length: height }, (_, y) => Buffer.alloc(width + 1, (y * 255) / height).fill(0, 0, 1))
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  const data = deflateSync(Buffer.concat(rows))
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))])
}

/** https://www.w3.org/TR/png/#D-CRCAppendix */
function crc(bytes: Buffer): number {
  let sum = ~0
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  }
  return ~sum >>> 0
}
