/** Owners let their own programs hear of what happens, and see what came of it. */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createOwner, logIn, openDesk, openGuest, openOffice, say } from '../../helpers/dashboard.ts'
import { startServer } from '../../helpers/server.ts'
import { countTries } from '../../helpers/tries.ts'
import { startReceiver } from '../../server/webhooks/receiver.ts'
import type { Receiver } from '../../server/webhooks/receiver.ts'

const office = openOffice({ path: '/webhooks', server: { args: ['--allow-private-webhooks'] } })
const { own, newCustomer } = countTries()
let receiver: Receiver

beforeAll(async () => void (receiver = await startReceiver()))
afterAll(() => receiver?.close())
beforeEach(async () => {
  receiver.answer = (_event, response) => void response.writeHead(204).end()
  const { webhooks } = await office.api<{ webhooks: { id: string }[] }>('GET', '/webhooks')
  for (const { id } of webhooks) await office.api('DELETE', `/webhooks/${id}`)
  await office.desk.page.goto(`${office.server.url}/dashboard/webhooks`)
})

/** A webhook that is there already; its page is opened. Returns its secret. */
async function openWebhook(): Promise<string> {
  const wanted = { url: receiver.url, events: ['message.created', 'conversation.waiting'] }
  const { webhook, secret } = await office.api<{ webhook: { id: string }; secret: string }>('POST', '/webhooks', wanted)
  const { page } = office.desk
  await page.goto(`${office.server.url}/dashboard/webhooks/${webhook.id}`)
  await page.getByText('Nothing has been sent yet').waitFor()
  return secret
}

const shownSecret = async (): Promise<string> => {
  const box = office.desk.page.getByRole('status').filter({ hasText: 'Keep this secret' })
  return (await box.locator('code').textContent()) ?? ''
}

/** Whether the sample on the screen takes the last request for ours. */
async function isVerified(known: string): Promise<boolean> {
  const { page } = office.desk
  await page.getByRole('button', { name: 'Node', exact: true }).click()
  const code = ((await page.getByLabel('Sample for Node').textContent()) ?? '').replace('export ', '')
  const module = `${code}\nexport default isFromLumika`
  const { default: isFromLumika } = (await import(`data:text/javascript,${encodeURIComponent(module)}`)) as {
    default: (...given: unknown[]) => boolean
  }
  const last = receiver.requests.at(-1)
  return isFromLumika(known, last?.headers['lumika-signature'], last?.text)
}

describe('webhooks', () => {
  test('one is made; its secret is shown once, and the sample on the screen verifies what comes', async () => {
    const { page, problems } = office.desk
    await page.getByText('Nobody is told yet').waitFor()
    await page.getByRole('button', { name: 'New webhook' }).click()
    const form = page.getByRole('dialog', { name: 'A new webhook' })
    await form.getByLabel('Address of your receiver').fill(receiver.url)
    await form.getByRole('checkbox', { name: /A customer waits/ }).check()
    await form.getByRole('button', { name: 'Create webhook' }).click()
    await page.getByRole('heading', { name: receiver.url }).waitFor()
    const secret = await shownSecret()
    expect(secret).toMatch(/^whsec_/)

    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByText(/Taken: 204, \d+ ms/).waitFor()
    expect(receiver.requests.at(-1)?.event.type).toBe('test')
    expect(await isVerified(secret)).toBe(true)

    await page.reload()
    await page.getByText('Nothing has been sent yet').waitFor()
    expect(await page.getByText('Keep this secret').count()).toBe(0)
    expect(problems).toEqual([])
  })

  test('the log shows what was taken and what was not, when it is tried again, and sends it again at a press', async () => {
    const { page } = office.desk
    await openWebhook()
    receiver.answer = (_event, response) => void response.writeHead(503, { 'retry-after': '1800' }).end()
    const [customer, text] = [newCustomer(), own('Is it fine in the oven?')]
    await say(office.server, customer, text)
    const log = page.getByRole('list', { name: 'Deliveries' })
    const rows = log.getByRole('listitem')
    // The question, and the assistant's answer.
    const refused = rows.filter({ hasText: /503\s*· next try in 30 min/ })
    await expect.poll(() => refused.count()).toBe(2)
    await rows.first().getByText('1 attempt').click()
    await rows.first().getByText(customer).waitFor()

    receiver.answer = (_event, response) => void response.writeHead(204).end()
    for (const at of [0, 1])
      await rows
        .nth(at)
        .getByRole('button', { name: /^Send again/ })
        .click()
    await expect.poll(() => rows.filter({ hasText: '204, attempt 2' }).filter({ hasText: 'Delivered' }).count()).toBe(2)
    expect(receiver.bodies('message.created')).toContain(text)
    // What the log tells leads to where it was said.
    await rows.last().getByText('2 attempts').click()
    await rows.last().getByRole('link').click()
    await page.getByRole('log').getByText(text, { exact: true }).waitFor()
    await page.goBack()
    await rows.first().waitFor()
  })

  test('it is paused and goes on; a receiver that is gone pauses it; what it hears of is changed', async () => {
    const { page } = office.desk
    await openWebhook()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('Paused', { exact: true }).waitFor()
    const before = receiver.requests.length
    await say(office.server, newCustomer(), own('And in the dishwasher?'))
    await page.getByRole('listitem').filter({ hasText: 'On its way' }).first().waitFor()
    expect(receiver.requests.length).toBe(before)
    await page.getByRole('button', { name: 'Go on' }).click()
    await expect.poll(() => receiver.bodies('message.created')).toContain(own('And in the dishwasher?'))
    await expect.poll(() => page.getByRole('listitem').filter({ hasText: 'On its way' }).count()).toBe(0)

    receiver.answer = (_event, response) => void response.writeHead(410).end()
    await say(office.server, newCustomer(), 'Are you still there?')
    await page.getByText('Paused', { exact: true }).waitFor()
    receiver.answer = (_event, response) => void response.writeHead(204).end()

    await page.getByRole('button', { name: 'Change…' }).click()
    const form = page.getByRole('dialog', { name: 'Change the webhook' })
    await form.getByRole('checkbox', { name: /A message/ }).uncheck()
    await form.getByRole('checkbox', { name: /A customer waits/ }).uncheck()
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByRole('alert').getByText('at least one').waitFor()
    await form.getByRole('checkbox', { name: /A draft/ }).check()
    await form.getByRole('button', { name: 'Save' }).click()
    await page.getByText(/^A draft · All integrations$/).waitFor()
  })

  test('a new secret signs from then on; in the end it is removed', async () => {
    const { page, problems } = office.desk
    const secret = await openWebhook()
    await page.getByRole('button', { name: 'New secret…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Make a new secret' }).click()
    await page.getByText('Keep this secret').waitFor()
    const fresh = await shownSecret()
    expect(fresh).not.toBe(secret)
    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByText(/Taken: 204/).waitFor()
    expect([await isVerified(fresh), await isVerified(secret)]).toEqual([true, false])

    await page.getByRole('button', { name: 'Remove this webhook' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('Nobody is told yet').waitFor()
    expect(new URL(page.url()).pathname).toBe('/dashboard/webhooks')
    expect(problems).toEqual([])
  })

  test('an address that is refused is told at its field, with what to do; nothing typed is lost', async () => {
    const strict = await startServer()
    onTestFinished(async () => void (await strict.stop()))
    await createOwner(strict)
    const desk = await openDesk(office.browser, strict, '/webhooks')
    await logIn(desk)
    const { page } = desk
    await page.getByRole('button', { name: 'New webhook' }).click()
    const address = page.getByLabel('Address of your receiver')
    for (const [url, reason] of [
      ['http://169.254.169.254/latest', /private network, where webhooks do not go.*--allow-private-webhooks/],
      ['http://localhost:9/', /private network/],
      ['https://who:secret@shop.example/', /has to begin with https:\/\/ or http:\/\/, without a password/],
    ] as const) {
      await address.fill(url)
      await page.getByRole('button', { name: 'Create webhook' }).click()
      await page.getByRole('alert').getByText(reason).waitFor()
      expect(await address.getAttribute('aria-invalid')).toBe('true')
      expect(await address.getAttribute('aria-describedby')).toBe(await page.getByRole('alert').getAttribute('id'))
      expect(await address.evaluate((box) => box.matches(':focus'))).toBe(true)
      expect(await address.inputValue()).toBe(url)
    }
    expect(desk.problems).toEqual([])
    await page.context().close()
  })

  test('operators neither find them nor get in', async () => {
    const guest = await openGuest(office, own('Ben'), '/webhooks')
    await guest.page.getByRole('heading', { name: 'This is for owners' }).waitFor()
    expect(await guest.page.getByRole('link', { name: 'Webhooks' }).count()).toBe(0)
    expect(guest.problems).toEqual([])
    await guest.page.context().close()
  })
})
