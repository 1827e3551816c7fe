/** A chat-completions service on a free loopback port that speaks OpenAI's streaming format, and counts. */
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the service does with a request. */
export type OpenAIScenario =
  /** Answers in several pieces; `slow`: 15 ms between them. */
  | 'ok'
  | 'slow'
  /** As `ok`, and a last chunk with the usage and no choices. */
  | 'usage'
  /** As `ok`, with every byte in a packet of its own. */
  | 'split'
  /** Answers in one JSON object, although a stream was asked for. */
  | 'json'
  /** Two pieces, and then the connection breaks. */
  | 'cut'
  /** Two pieces, and then the stream ends as if that was all. */
  | 'end'
  /** Two pieces, and then an error object. */
  | 'error'
  /** Two pieces, and then nothing more, for ever. */
  | 'hang'
  /** Nothing at all, for ever: not even a head. */
  | 'silent'
  /** As `ok`, with a pause after two pieces; one that thinks says so every 5 s, beside its text. */
  | { until: Promise<unknown>; isThinking?: boolean }
  /** Two pieces, and then a finish reason other than `stop`. */
  | { finish: string }
  /** An error answer. */
  | { status: number; headers?: Record<string, string>; body?: string }
  /** A stream of one's own. */
  | { raw: (string | Uint8Array)[]; contentType?: string; keepOpen?: boolean }

/** A request, as it came. */
export interface OpenAIRequest {
  path: string
  headers: IncomingHttpHeaders
  body: { model?: string; stream?: boolean; messages: { role: string; content: string }[]; [field: string]: unknown }
}

export interface FakeOpenAI {
  /** The base URL, with `/v1`. */
  url: string
  /** Every request so far, oldest first. */
  requests: OpenAIRequest[]
  /** Answers being written now. */
  readonly running: number
  /** What is done with requests from now on; a function decides for each. */
  scenario: OpenAIScenario | ((request: OpenAIRequest) => OpenAIScenario)
  close(): Promise<void>
}

/** What the service says to a text. */
export const openAIAnswerTo = (text: string): string => `You asked: “${text}” Here is the answer – in a few pieces 🙂.`

/** Starts one. */
export async function startFakeOpenAI(scenario: FakeOpenAI['scenario'] = 'ok'): Promise<FakeOpenAI> {
  const requests: OpenAIRequest[] = []
  let running = 0
  const server = createServer((request, response) => {
    running++
    response.once('close', () => running--)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as OpenAIRequest['body']
      const made = { path: request.url ?? '', headers: request.headers, body }
      requests.push(made)
      const scenario = typeof fake.scenario === 'function' ? fake.scenario(made) : fake.scenario
      if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
        return answerError(response, { status: 404, body: '{"error":{"code":"unknown_url"}}' })
      play(response, scenario, body).catch(() => response.destroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const fake: FakeOpenAI = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    scenario,
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

async function play(response: ServerResponse, scenario: OpenAIScenario, body: OpenAIRequest['body']): Promise<void> {
  const answer = openAIAnswerTo(body.messages.at(-1)?.content ?? '')
  if (typeof scenario === 'object' && 'status' in scenario) return answerError(response, scenario)
  if (scenario === 'silent') return
  if (scenario === 'json') {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(completion(answer)))
    return
  }
  response.writeHead(200, {
    'content-type':
      typeof scenario === 'object' && 'raw' in scenario ? (scenario.contentType ?? eventStream) : eventStream,
    'cache-control': 'no-cache',
  })
  if (typeof scenario === 'object' && 'raw' in scenario) {
    for (const part of scenario.raw) await write(response, part)
    if (!scenario.keepOpen) response.end()
    return
  }

  await write(response, frame(chunk({ role: 'assistant', content: '', refusal: null }, null)))
  const pieces = answer.match(/[^]{1,7}/gu) ?? []
  const pause = typeof scenario === 'object' && 'until' in scenario ? scenario.until : undefined
  const isWhole = pause || ['ok', 'slow', 'usage', 'split'].includes(scenario as string)
  for (const [index, content] of (isWhole ? pieces : pieces.slice(0, 2)).entries()) {
    if (index === 2 && pause) {
      const think = () => void write(response, frame(chunk({ reasoning: 'Hm.' }, null))).catch(() => {})
      const thinking = setInterval(think, 5_000)
      if (!(scenario as { isThinking?: boolean }).isThinking) clearInterval(thinking)
      await pause.finally(() => clearInterval(thinking))
    }
    const bytes = new TextEncoder().encode(frame(chunk({ content }, null)))
    if (scenario === 'split') for (const byte of bytes) await write(response, Uint8Array.of(byte))
    else await write(response, bytes)
    if (scenario === 'slow') await new Promise((resolve) => setTimeout(resolve, 15))
  }
  if (scenario === 'hang') return
  if (scenario === 'end') return void response.end()
  if (scenario === 'cut') return void response.destroy()
  if (scenario === 'error') {
    response.end(
      frame({ error: { message: 'The server had an error', type: 'server_error', param: null, code: null } }),
    )
    return
  }
  await write(
    response,
    frame(chunk({}, typeof scenario === 'object' && 'finish' in scenario ? scenario.finish : 'stop')),
  )
  if (scenario === 'usage') await write(response, frame({ ...chunk({}, null), choices: [], usage }))
  response.end('data: [DONE]\n\n')
}

/** A whole answer in these pieces, for the scenario `raw`. */
export const openAIFrames = (pieces: string[]): string[] => [
  ...pieces.map((content) => frame(chunk({ content }, null))),
  frame(chunk({}, 'stop')),
  'data: [DONE]\n\n',
]

const eventStream = 'text/event-stream; charset=utf-8'
const usage = { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 }
const common = { id: 'chatcmpl-fake', created: 1_700_000_000, model: 'fake-1', system_fingerprint: 'fp_fake' }

const chunk = (delta: object, finish_reason: string | null) => ({
  ...common,
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, logprobs: null, finish_reason }],
  usage: null,
})

const completion = (content: string) => ({
  ...common,
  object: 'chat.completion',
  choices: [
    { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
  ],
  usage,
})

const frame = (value: object): string => `data: ${JSON.stringify(value)}\n\n`

function answerError(response: ServerResponse, { status, headers, body }: Extract<OpenAIScenario, { status: number }>) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(body ?? JSON.stringify({ error: { message: 'No.', type: 'fake_error', param: null, code: null } }))
}

/** Each part in a packet of its own, as far as the network lets us. */
const write = (response: ServerResponse, part: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => response.write(part, (error) => (error ? reject(error) : setImmediate(resolve))))
