/**
 * What to do about a responder that failed, for whoever has set it up. Of what the service itself has said only its status is
 * told: its words may hold a part of the secret it was asked with.
 */

/** Why it failed, and what to do. */
export interface Advice {
  code: string
  /** The HTTP status of the answering service; null where there was none. */
  status: number | null
  message: string
}

/** What is set where, by the kind of responder. */
const settings: Record<string, { secret: string; address: string }> = {
  openai: {
    secret: 'LUMIKA_OPENAI_API_KEY',
    address: 'LUMIKA_OPENAI_BASE_URL and LUMIKA_OPENAI_MODEL',
  },
  webhook: { secret: 'LUMIKA_WEBHOOK_SECRET', address: 'LUMIKA_WEBHOOK_URL' },
}

/** The advice on an error. @param kind the kind of the responder */
export function adviceOn(error: unknown, kind: string): Advice {
  const { name, code, status } = error as { name?: string; code?: string; status?: number }
  const isKnown = name === 'ResponderError' && typeof code === 'string'
  return {
    code: isKnown ? code : 'responder_failed',
    status: status ?? null,
    message: status === undefined ? withoutStatus(isKnown ? code : '', kind) : withStatus(status, kind),
  }
}

function withStatus(status: number, kind: string): string {
  const { secret = 'its key', address = 'its address' } = settings[kind] ?? {}
  const said = `The service answered with status ${status}`
  if (status === 401 || status === 403) return `${said}: it does not accept our credentials. Check ${secret}.`
  if (status === 404) return `${said}: there is nothing of this name. Check ${address}.`
  if (status === 408 || status === 504) return `${said}: it took too long. Try again, or look after the service.`
  if (status === 429) return `${said}: it is asked too often, or its credit is used up. Wait, or look at its account.`
  if (status >= 300 && status < 400) return `${said}, a redirect, which is not followed. Check ${address}.`
  if (status >= 500) return `${said}: it has trouble of its own. Try again, or look into its log.`
  return `${said}: it does not accept the question. Check ${address}, and look into the log of this server.`
}

function withoutStatus(code: string, kind: string): string {
  const { address = 'its settings' } = settings[kind] ?? {}
  if (code === 'responder_timeout')
    return 'It took too long. Visitors wait no longer, either: see whether the service runs, and is quick enough.'
  if (code === 'responder_interrupted')
    return 'The answer broke off. Try again; if it stays so, look after the service.'
  return `It could not be asked, or what came was no answer. See whether it runs, check ${address}, and look into the log of this server.`
}
