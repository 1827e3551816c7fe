/** What is said and done to bring each state of the chat about: for `chat-states.mjs`. */
import { picture } from './chat-picture.mjs'

/** @typedef {import('playwright').Page} Page */
/** @typedef {{ name: string, data?: Record<string, string>, isClosed?: boolean, act: (page: Page) => Promise<void> }} State */
/**
 * The people and the assistant behind the chat.
 * @typedef {{
 *   reply: (message: object, files?: { name: string, bytes: Uint8Array }[]) => Promise<void>,
 *   call: (path: string, body?: object) => Promise<void>,
 *   holdUp: () => void,
 *   tokens: { approval: string },
 * }} Backstage
 */

const longWord = `https://example.com/orders/${'7f3a9c'.repeat(14)}`
const form = {
  fields: [
    { name: 'name', kind: 'text', label: { en: 'Your name', ar: 'اسمك' } },
    { name: 'email', kind: 'email', label: { en: 'Email', ar: 'البريد الإلكتروني' }, required: true },
  ],
  consent: { text: { en: 'You may answer me by email.', ar: 'يمكنكم الرد عليّ بالبريد.' } },
}
const invite = [{ text: { en: 'Looking for a present? We gift-wrap, too.', ar: 'تبحث عن هدية؟ نحن نغلفها أيضًا.' } }]
const offers = {
  quickReplies: ['Do you gift-wrap?', 'Which glazes are there?', 'I would like to speak to somebody'],
  links: [
    { label: 'The care page', url: 'https://example.com/care' },
    { label: 'Write to the studio', url: 'mailto:studio@example.com' },
  ],
}
const pdf = {
  name: 'care-label-cove-teapot.pdf',
  bytes: Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(48_000)]),
}
const isArrived = '.entry .files img, .entry .files .file'

/** The states, in the order of a visit. @param {Backstage} backstage @returns {State[]} */
export const scenesOf = ({ reply, call, holdUp, tokens }) => [
  { name: 'empty', data: { greeting: '' }, act: async () => {} },
  { name: 'greeting', act: async () => {} },
  {
    name: 'invitation',
    data: { invite: JSON.stringify(invite) },
    isClosed: true,
    act: (page) => page.locator('.invite .text').waitFor(),
  },
  {
    name: 'streaming',
    async act(page) {
      holdUp()
      await say(page, 'Is the Cove teapot fine in the oven?')
      await page.locator('.writing .bubble', { hasText: /\S+ \S+ \S+ \S+ / }).waitFor()
    },
  },
  {
    name: 'markdown',
    async act(page) {
      await ask(page, 'How do I look after the glaze?')
      await page.locator('.rich table').waitFor()
    },
  },
  {
    name: 'long-words',
    async act(page) {
      await ask(page, `My order is ${longWord}\n\nIt has been a while.`)
      await box(page).fill(Array.from({ length: 5 }, (_, line) => `${line + 1}. A line of a message.`).join('\n'))
    },
  },
  {
    name: 'offers',
    async act(page) {
      await ask(page, 'Is it a good present?')
      await reply({ body: 'It is: most of ours are given away.', data: offers })
      await page.locator('.replies').waitFor()
    },
  },
  {
    name: 'typing',
    async act(page) {
      await ask(page, 'May I speak to somebody?')
      // A sign of it holds for six seconds, and the pictures take longer.
      const type = () => call('/presence', { typing: true, looking: true }).catch(() => {})
      const timer = setInterval(type, 2_000)
      page.once('close', () => clearInterval(timer))
      await type()
      await page.locator('.typing').waitFor()
    },
  },
  {
    name: 'new-messages',
    async act(page) {
      for (const text of ['Is the Cove teapot fine in the oven?', 'How do I look after the glaze?'])
        await ask(page, text)
      await page.locator('.rich table').waitFor()
      await page.locator('.log').hover()
      await page.mouse.wheel(0, -5_000)
      await page.locator('.to-end button').waitFor()
      await reply({ body: 'Hello, this is the studio. We can gift-wrap it, too.' })
      await page.locator('.message.person').waitFor({ state: 'attached' })
    },
  },
  {
    name: 'menu',
    async act(page) {
      await ask(page, 'Is the Cove teapot fine in the oven?')
      await page.locator('.more').click()
      await page.locator('.menu button').nth(3).waitFor()
    },
  },
  {
    name: 'deleting',
    async act(page) {
      await ask(page, 'Is the Cove teapot fine in the oven?')
      await page.locator('.more').click()
      await page.locator('.menu button').nth(3).click()
      await page.locator('.sure').waitFor()
    },
  },
  {
    name: 'rating',
    async act(page) {
      await ask(page, 'Is the Cove teapot fine in the oven?')
      await call('/resolve', {})
      await page.locator('.rate input').nth(3).check()
      await page.locator('.rate textarea').waitFor()
    },
  },
  {
    name: 'offline',
    async act(page) {
      await ask(page, 'Is anybody there?')
      await page.context().setOffline(true)
      await say(page, 'Still there?')
      await page.locator('.notice').first().waitFor()
      await page.getByText('Sending…').or(page.getByText('جارٍ الإرسال…')).first().waitFor()
    },
  },
  {
    name: 'failed',
    async act(page) {
      await ask(page, 'Do you ship to Norway?')
      await page.route('**/conversation/sse**', (route) =>
        route.fulfill({ status: 400, json: { error: { code: 'invalid_request', message: 'No.' } } }),
      )
      await say(page, 'And to Iceland?')
      await page.locator('.message.failed .state').waitFor()
    },
  },
  {
    name: 'approval',
    data: { 'integration-token': tokens.approval },
    async act(page) {
      await say(page, 'Is the Cove teapot fine in the oven?')
      await page.locator('.outcome').waitFor()
    },
  },
  {
    name: 'person',
    async act(page) {
      await ask(page, 'May I speak to somebody?')
      await reply({ body: 'Hello, this is the studio. We can gift-wrap it, too: just tell us in the order.' })
      await page.locator('.message.person').waitFor()
    },
  },
  {
    name: 'form',
    data: { form: JSON.stringify(form) },
    act: (page) => page.locator('form input').first().waitFor(),
  },
  {
    name: 'attachment',
    async act(page) {
      await attach(page, { name: 'my-shelf.png', bytes: picture(320, 200) })
      await say(page, 'Would it go with these?')
      await page.locator(isArrived).waitFor()
      await page.locator('.message.assistant.done').waitFor()
      await reply({ body: 'It would. This is how to look after it:' }, [pdf])
      await page.locator(isArrived).nth(1).waitFor()
    },
  },
  {
    name: 'attaching',
    async act(page) {
      await ask(page, 'Would it go with my shelf?')
      await attach(page, { name: 'my-shelf.png', bytes: picture(320, 200) })
      await page.route('**/conversation/attachments**', (route) => route.abort())
      await attach(page, { name: 'a-very-long-name-of-a-photograph-of-the-kitchen-table.png', bytes: picture(40, 30) })
      await attach(page, { name: 'notes.svg', bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') })
      await page.locator('.tray > [role=alert] .problem').waitFor()
      await page.locator('.tray li .problem').waitFor({ timeout: 30_000 })
    },
  },
  {
    name: 'unread',
    async act(page) {
      await ask(page, 'Do you have it in blue?')
      await page.evaluate('Lumika.close()')
      await reply({ body: 'In two weeks, yes.' })
      await page.locator('.launcher span:not(:empty)').waitFor({ timeout: 30_000 })
    },
  },
  {
    name: 'inline',
    data: { mode: 'inline', target: '#place' },
    act: (page) => ask(page, 'Is the Cove teapot fine in the oven?'),
  },
]

/** The text box, in any language. @param {Page} page */
export const box = (page) => page.locator('form > .row textarea')

/** @param {Page} page @param {string} text */
async function say(page, text) {
  await box(page).fill(text)
  await page.locator('button.send[type=submit]').click()
}

/** Says something and waits for the whole answer. @param {Page} page @param {string} text */
async function ask(page, text) {
  const answers = page.locator('.message.assistant.done')
  const before = await answers.count()
  await say(page, text)
  await answers.nth(before).waitFor()
}

/** Chooses a file, and waits for what becomes of it. @param {Page} page @param {{ name: string, bytes: Uint8Array }} file */
async function attach(page, { name, bytes }) {
  const clip = page.locator('.clip')
  await clip.waitFor()
  const chips = page.locator('.tray li, .tray .problem')
  const before = await chips.count()
  const mimeType = name.endsWith('png') ? 'image/png' : 'image/svg+xml'
  await page.locator('form input[type=file]').setInputFiles({ name, mimeType, buffer: Buffer.from(bytes) })
  await chips.nth(before).waitFor()
}
