/** One backend for many tabs: the same thing is asked once, one answer is streamed at a time, and everybody hears it. */
import type { ChatAdapter, HistoryRequest, ResumeRequest, SendRequest, StopRequest } from '../../../adapters/adapter.ts'
import { fieldsOfError } from './calls.ts'
import type { Call, Reply } from './calls.ts'
import { createPages } from './pages.ts'
import { createStreams } from './streams.ts'

/** What serves the calls of all tabs. */
export interface Hub {
  /** Serves a call. */
  serve(call: Call, reply: (reply: Reply) => void): void
  /** Nobody waits for this call any more. */
  cancel(id: string): void
  /** Ends everything. Nothing is answered any more. */
  close(): void
}

/** @param onNews something was stored that other tabs may not know of */
export function createHub(adapter: ChatAdapter, onNews: () => void): Hub {
  const cancels = new Map<string, () => void>()
  let isClosed = false
  const streams = createStreams(adapter, cancels, () => {
    pages.renew()
    onNews()
  })
  const pages = createPages(adapter, cancels, streams.hasEnded, onNews)

  const stop = async (request: StopRequest, reply: (reply: Reply) => void): Promise<void> => {
    try {
      await adapter.stop(request)
      reply({ isOver: true })
    } catch (error) {
      reply({ error: fieldsOfError(error) })
    }
  }

  return {
    serve({ id, method, request }, tellCaller) {
      const asked = request as unknown
      const reply = (said: Reply) => void (isClosed || tellCaller(said))
      if (method === 'send') streams.send(asked as SendRequest, id, reply)
      else if (method === 'resume') streams.resume(asked as ResumeRequest, id, reply)
      else if (method === 'history') pages.read(asked as HistoryRequest, id, reply)
      else void stop(asked as StopRequest, reply)
    },
    cancel: (id) => cancels.get(id)?.(),
    close() {
      isClosed = true
      for (const cancel of [...cancels.values()]) cancel()
    },
  }
}
