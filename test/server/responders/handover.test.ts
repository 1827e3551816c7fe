/** How each kind of responder asks for a person. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { createFunctionResponder } from '../../../server/responders/function.ts'
import type { ResponderAnswer } from '../../../server/responders/function.ts'
import { createOpenAIResponder } from '../../../server/responders/openai.ts'
import type { Responder, ResponderPiece } from '../../../server/responders/responder.ts'
import { withTimeouts } from '../../../server/responders/timeouts.ts'
import { createWebhookResponder } from '../../../server/responders/webhook.ts'
import { requestFor } from '../../contract/responder.suite.ts'
import { startFakeOpenAI } from '../../helpers/fake-openai.ts'
import { startFakeWebhook } from '../../helpers/fake-webhook.ts'

/** All that comes, without signs of life. */
async function said(responder: Responder): Promise<ResponderPiece[]> {
  const pieces: ResponderPiece[] = []
  for await (const piece of withTimeouts(responder).respond(requestFor())) pieces.push(piece)
  return pieces
}

const asks = (reason?: string) => ({ type: 'handover', ...(reason && { reason }) }) as const

describe('a function', () => {
  const stream = (...pieces: ResponderPiece[]) =>
    new ReadableStream<ResponderPiece>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece)
        controller.close()
      },
    })
  it.each<[what: string, answer: () => ResponderAnswer, pieces: ResponderPiece[]]>([
    ['alone', () => asks('Why not'), [asks('Why not')]],
    ['after some words', () => stream('One ', 'moment.', asks()), ['One ', 'moment.', asks()]],
    ['with a reason that is cut', () => asks(` ${'x'.repeat(2_000)}`), [asks('x'.repeat(1_000))]],
    ['with a reason that is none', () => ({ type: 'handover', reason: 7 as unknown as string }), [asks()]],
    ['and is heard no longer', () => stream('One.', asks(), 'Two.'), ['One.', asks()]],
  ])('asks %s', async (_what, answer, pieces) => {
    expect(await said(createFunctionResponder(answer))).toEqual(pieces)
  })
  it('that gives something else has failed', async () => {
    const other = createFunctionResponder(() => stream({ type: 'text' } as never))
    await expect(said(other)).rejects.toMatchObject({ code: 'responder_failed' })
  })
})

describe('a webhook', () => {
  const json = (body: string) => ({ headers: { 'content-type': 'application/json' }, body })
  const events = (...data: string[]) => ({
    headers: { 'content-type': 'text/event-stream' },
    body: data.map((line) => `data: ${line}\n\n`).join(''),
  })
  it.each([
    ['in JSON', json('{"handover": true}'), [asks()]],
    ['in JSON with words', json('{"text": "Wait.", "handover": {"reason": "Billing"}}'), ['Wait.', asks('Billing')]],
    [
      'in an event',
      events('{"delta":"Wait."}', '{"handover":{"reason":"Billing"}}', '{"delta":"No."}'),
      ['Wait.', asks('Billing')],
    ],
    ['in an event with words', events('{"text":"Wait.","handover":true}'), ['Wait.', asks()]],
    ['not', json('{"text": "Fine.", "handover": false}'), ['Fine.']],
  ])('asks %s', async (_what, scenario, pieces) => {
    const fake = await startFakeWebhook(scenario)
    onTestFinished(() => fake.close())
    expect(await said(createWebhookResponder({ url: fake.url, secret: fake.secret }))).toEqual(pieces)
  })
})

describe('a language model', () => {
  const frame = (delta: object, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`
  const call = (text?: string, name?: string, index = 0) =>
    frame({
      tool_calls: [{ index, function: { ...(name && { name }), ...(text !== undefined && { arguments: text }) } }],
    })
  const ours = 'hand_over_to_person'
  const end = [frame({}, 'tool_calls'), 'data: [DONE]\n\n']

  it.each([
    [
      'after some words',
      [frame({ content: 'Wait.' }), call('{"rea', ours), call('son":"Bil'), call('ling"}'), ...end],
      ['Wait.', asks('Billing')],
    ],
    ['without a word', [call('', ours), ...end], [asks()]],
    ['in a wrong form', [call('{"reason":', ours), ...end], [asks()]],
    ['beside another tool', [call('{}', 'search', 0), call('{"reason":"x"}', ours, 1), ...end], [asks('x')]],
    [
      'by a service that says stop',
      [frame({ content: 'Wait.' }), call('{}', ours), frame({}, 'stop')],
      ['Wait.', asks()],
    ],
  ])('asks %s', async (_what, raw, pieces) => {
    const fake = await startFakeOpenAI({ raw })
    onTestFinished(() => fake.close())
    expect(await said(createOpenAIResponder({ model: 'm', baseUrl: fake.url, handover: true }))).toEqual(pieces)
  })

  it('asks in a whole answer, too', async () => {
    const message = { content: 'Wait.', tool_calls: [{ function: { name: ours, arguments: '{"reason":"x"}' } }] }
    const raw = [JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'tool_calls' }] })]
    const fake = await startFakeOpenAI({ raw, contentType: 'application/json' })
    onTestFinished(() => fake.close())
    expect(await said(createOpenAIResponder({ model: 'm', baseUrl: fake.url, handover: true }))).toEqual([
      'Wait.',
      asks('x'),
    ])
  })

  it('is offered the tool beside those of the site, and only where that is wanted', async () => {
    const fake = await startFakeOpenAI('ok')
    onTestFinished(() => fake.close())
    const search = { type: 'function', function: { name: 'search' } }
    const options = { model: 'm', baseUrl: fake.url, body: { tools: [search] } }
    await said(createOpenAIResponder({ ...options, handover: true }))
    await said(createOpenAIResponder(options))
    const names = fake.requests.map(({ body }) =>
      (body['tools'] as (typeof search)[]).map((tool) => tool.function.name),
    )
    expect(names).toEqual([['search', ours], ['search']])
  })

  it('that was not offered the tool asks for nobody', async () => {
    const fake = await startFakeOpenAI({ raw: [frame({ content: 'Wait.' }), call('{}', ours), ...end] })
    onTestFinished(() => fake.close())
    expect(await said(createOpenAIResponder({ model: 'm', baseUrl: fake.url }))).toEqual(['Wait.'])
  })
})
