/** What our own server can do beside carrying messages. By itself: the widget loads it when the visitor wants it. */
import { visitorPaths } from '../protocol.ts'
import type { Attachment } from '../protocol.ts'
import { startCall } from './_call.ts'
import { failureOf, requestInit, withToken } from './_http.ts'
import type { Parameters } from './_http.ts'
import { objectFrom } from './_wire.ts'
import { AdapterError } from './adapter.ts'
import type { ChatExtras, IdentityProof, UploadRequest } from './adapter.ts'
import type { HttpAdapterOptions } from './http.ts'

/** Reaches a Lumika server. */
export function createHttpExtras(options: HttpAdapterOptions): Required<ChatExtras> {
  const { integrationToken, silenceMs = 45_000 } = options
  const fetch = options.fetch ?? ((url: string, init: RequestInit) => globalThis.fetch(url, init))
  const server = options.serverUrl.replace(/\/+$/, '')

  const post = async (path: string, parameters: Parameters, proof: IdentityProof | undefined): Promise<void> => {
    const call = startCall(undefined, silenceMs)
    const body = withToken(integrationToken, parameters, proof)
    const init = { ...requestInit, method: 'POST', signal: call.signal, body }
    const response = await call.step(Promise.resolve().then(() => fetch(server + path, init)))
    if (!response.ok) throw await failureOf(call, response)
  }

  return {
    upload: (request) => upload(server, integrationToken, request),
    attachmentUrl: (id) => `${server}${visitorPaths.attachments}/${encodeURIComponent(id)}`,
    rate: ({ conversationId, messageId, rating, proof }) =>
      post(visitorPaths.feedback, { conversationId, messageId, rating }, proof),
    score: ({ conversationId, score, comment, proof }) =>
      post(visitorPaths.feedback, { conversationId, score, comment }, proof),
    setTyping: ({ conversationId, isTyping, proof }) =>
      post(visitorPaths.typing, { conversationId, isTyping: `${isTyping}` }, proof),
    erase: ({ conversationId, proof }) => post(visitorPaths.erase, { conversationId }, proof),
    askForPerson: ({ conversationId, proof }) => post(visitorPaths.person, { conversationId }, proof),
  }
}

/** Longest time for a file, in milliseconds: by then the server has given it up, too. */
const PATIENCE_MS = 250_000

/** By XMLHttpRequest: `fetch` says nothing of how much has been sent. */
function upload(server: string, token: string, { file, onProgress, signal, ...request }: UploadRequest) {
  const { conversationId, proof } = request
  const search = withToken(token, { conversationId, name: file.name }, proof)
  return new Promise<Attachment>((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    const abort = () => xhr.abort()
    xhr.open('POST', `${server}${visitorPaths.attachments}?${search}`)
    xhr.responseType = 'text'
    xhr.timeout = PATIENCE_MS
    xhr.upload.onprogress = ({ loaded, total }) => onProgress?.(total ? loaded / total : 0)
    xhr.onload = () => {
      try {
        resolve(readAnswer(xhr))
      } catch (error) {
        reject(error as Error)
      }
    }
    xhr.onerror = xhr.ontimeout = () =>
      reject(new AdapterError('network', 'The file did not reach the server. Try again.'))
    xhr.onabort = () => reject((signal?.reason as Error | undefined) ?? new DOMException('Aborted', 'AbortError'))
    xhr.onloadend = () => signal?.removeEventListener('abort', abort)
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) return xhr.onabort(new ProgressEvent('abort'))
    // A type of its own would make no difference: the server looks at what is in it.
    xhr.setRequestHeader('content-type', 'application/octet-stream')
    xhr.send(file)
  })
}

/** @throws AdapterError unless the file was taken */
function readAnswer({ status, responseText }: XMLHttpRequest): Attachment {
  if (status === 201) return objectFrom(responseText)['attachment'] as Attachment
  // What stands before a server often takes less than the server does, and says so in words of its own.
  let code = status === 413 ? 'body_too_large' : 'protocol'
  let message = 'The file could not be uploaded.'
  try {
    ;({ code = code, message = message } = objectFrom(responseText)['error'] as { code?: string; message?: string })
  } catch {
    // Nothing of ours.
  }
  throw new AdapterError(code as 'protocol', message, { status })
}
