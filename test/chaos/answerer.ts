/** The code behind the webhook responder: counts every call, and says in each answer which call it is. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from './random.ts'

/** A running answerer. */
export interface Answerer {
  url: string
  /** How often each message has been brought here, by its text. */
  readonly calls: ReadonlyMap<string, number>
  close(): Promise<void>
}

/** What call number `call` answers to a message. */
export const answerTo = (text: string, call: number): string =>
  `Call ${call} for [${text}]. ${'This answer comes in pieces. '.repeat(4)}`

/** The message and the call an answer is for; null when it is none of ours. */
export function parseAnswer(answer: string): { text: string; call: number } | null {
  const match = /^Call (\d+) for \[([^\]]*)\]/.exec(answer)
  return match ? { call: Number(match[1]), text: match[2] as string } : null
}

/** Starts it on a free loopback port. */
export async function startAnswerer(chance: Chance): Promise<Answerer> {
  const calls = new Map<string, number>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { text } = JSON.parse(Buffer.concat(chunks).toString()) as { text: string }
      const call = (calls.get(text) ?? 0) + 1
      calls.set(text, call)
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
      void speak(answerTo(text, call), response.write.bind(response)).then(() => response.end())
    })
  })
  const speak = async (answer: string, write: (piece: string) => boolean) => {
    await pause(chance.between(0, 300))
    // The first piece says which message and call it is, so that a broken answer does, too.
    for (const piece of answer.match(/^.*?\]\. |.{1,24}/gs) ?? []) {
      write(piece)
      await pause(chance.between(0, 60))
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
