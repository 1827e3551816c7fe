/** The responders that the environment configures. */
import { createEchoResponder } from '../responders/echo.ts'
import { createOpenAIResponder } from '../responders/openai.ts'
import type { Responder } from '../responders/responder.ts'
import { createWebhookResponder } from '../responders/webhook.ts'
import { UsageError } from './errors.ts'
import { parseSwitch } from './flag-values.ts'
import type { Environment, ResponderName } from './flags.ts'

/**
 * Every responder the environment says enough about, by name; integrations may name any of them.
 * @param chosen the default one, which therefore has to be there
 * @throws UsageError
 */
export function createResponders(chosen: ResponderName, env: Environment): Record<string, Responder> {
  try {
    return configured(chosen, env)
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message, { cause: error }) : error
  }
}

function configured(chosen: ResponderName, env: Environment): Record<string, Responder> {
  const responders: Record<string, Responder> = { echo: createEchoResponder() }

  const model = env['LUMIKA_OPENAI_MODEL']
  const apiKey = env['LUMIKA_OPENAI_API_KEY']
  const baseUrl = address('LUMIKA_OPENAI_BASE_URL', env)
  if (model) {
    const handover = parseSwitch(env['LUMIKA_OPENAI_HANDOVER'] || 'off', 'LUMIKA_OPENAI_HANDOVER')
    responders['openai'] = createOpenAIResponder({
      ...{ model, handover },
      ...(apiKey && { apiKey }),
      ...(baseUrl && { baseUrl }),
    })
  } else if (chosen === 'openai' || apiKey || baseUrl) {
    throw new UsageError('The openai responder needs LUMIKA_OPENAI_MODEL, the name of a model.')
  }

  const url = address('LUMIKA_WEBHOOK_URL', env)
  const secret = env['LUMIKA_WEBHOOK_SECRET']
  if (url && secret) responders['webhook'] = createWebhookResponder({ url, secret })
  else if (chosen === 'webhook' || url || secret) {
    throw new UsageError('The webhook responder needs LUMIKA_WEBHOOK_URL and LUMIKA_WEBHOOK_SECRET.')
  }
  return responders
}

function address(name: string, env: Environment): string | undefined {
  const text = env[name]
  if (!text) return undefined
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new UsageError(`${name} must be an address that begins with https:// or http://.`)
}
