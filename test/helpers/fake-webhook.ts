/** Somebody's own code behind a webhook, on a free loopback port. It takes signed questions only, and counts. */
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How it answers. */
export type WebhookScenario =
  /** `{ "text": "…" }` */
  | 'json'
  /** A plain-text stream, cut in the middle of characters; `slow`: 15 ms between the pieces. */
  | 'text'
  | 'slow'
  /** Events with `{ "delta": "…" }`; `events-plain`: with plain text. */
  | 'events'
  | 'events-plain'
  /** A piece of a plain-text stream, and then the connection breaks; or nothing more, for ever. */
  | 'cut'
  | 'hang'
  /** Nothing at all, for ever. */
  | 'silent'
  /** An answer of one's own. */
  | { status?: number; headers?: Record<string, string>; body?: string | Uint8Array }

/** A question, as it came. */
export interface WebhookQuestion {
  headers: IncomingHttpHeaders
  /** The body's exact text. */
  body: string
  question: {
    turnId: string
    integrationId: string
    conversationId: string
    text: string
    history: unknown[]
    context?: unknown
  }
}

export interface FakeWebhook {
  url: string
  secret: string
  /** Every question with a good signature so far, oldest first. */
  questions: WebhookQuestion[]
  /** Requests refused for their signature. */
  readonly refused: number
  /** Answers being written now. */
  readonly running: number
  /** How questions are answered from now on. */
  scenario: WebhookScenario
  close(): Promise<void>
}

/** What it says to a text. */
export const webhookAnswerTo = (text: string): string => `My own code says “${text}” – grüße 🙂 and more.`

/** Starts one. */
export async function startFakeWebhook(scenario: WebhookScenario = 'json'): Promise<FakeWebhook> {
  const questions: WebhookQuestion[] = []
  const secret = 'a secret of the webhook tests'
  let refused = 0
  let running = 0
  const server = createServer((request, response) => {
    running++
    response.once('close', () => running--)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      if (request.method !== 'POST' || !isSigned(String(request.headers['lumika-signature']), body, secret)) {
        refused++
        return response.writeHead(401).end()
      }
      const question = JSON.parse(body) as WebhookQuestion['question']
      questions.push({ headers: request.headers, body, question })
      play(response, fake.scenario, webhookAnswerTo(question.text)).catch(() => response.destroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const fake: FakeWebhook = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer`,
    secret,
    questions,
    scenario,
    get refused() {
      return refused
    },
    get running() {
      return running
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return fake
}

/** Written from the documentation, and not with our own helper. */
function isSigned(header: string, body: string, secret: string): boolean {
  const [time = '', mac = ''] = header.split(',').map((part) => part.split('=')[1])
  const expected = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')
  return header === `t=${time},v1=${expected}` && mac === expected && Math.abs(Date.now() / 1_000 - Number(time)) < 300
}

async function play(response: ServerResponse, scenario: WebhookScenario, answer: string): Promise<void> {
  const head = (type: string) => response.writeHead(200, { 'content-type': type })
  const bytes = new TextEncoder().encode(answer)
  if (typeof scenario === 'object') {
    response.writeHead(scenario.status ?? 200, { 'content-type': 'application/json', ...scenario.headers })
    return void response.end(scenario.body)
  }
  switch (scenario) {
    case 'silent':
      return
    case 'json':
      head('application/json; charset=utf-8').end(JSON.stringify({ text: answer }))
      return
    case 'events':
    case 'events-plain':
      head('text/event-stream')
      for (const delta of answer.match(/[^]{1,7}/gu) ?? []) {
        const data = scenario === 'events' ? JSON.stringify({ delta }) : delta
        await write(
          response,
          `${data.replace(/^/gm, 'data: ')}

`,
        )
      }
      response.end('data: [DONE]\n\n')
      return
    default:
      head('text/plain; charset=utf-8')
      for (let n = 0; n < bytes.length; n += 5) {
        await write(response, bytes.subarray(n, n + 5))
        if (n > 0 && scenario === 'hang') return
        if (n > 0 && scenario === 'cut') return void response.destroy()
        if (scenario === 'slow') await new Promise((resolve) => setTimeout(resolve, 15))
      }
      response.end()
  }
}

const write = (response: ServerResponse, part: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => response.write(part, (error) => (error ? reject(error) : setImmediate(resolve))))
