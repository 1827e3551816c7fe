/** The server as a library: `createLumika(options).fetch` runs wherever fetch runs. */
export { createLumika } from './app.ts'
export type { Lumika, LumikaOptions } from './app.ts'
export type { Integration, IntegrationInput, IntegrationPatch } from './access/integration.ts'
export { createScrypt } from './access/passwords.ts'
export type { Passwords, ScryptOptions } from './access/passwords.ts'
export type { CreatedToken, Registry } from './access/registry.ts'
export type { Asset, Assets } from './assets.ts'
export { defaultLimits } from './limits/settings.ts'
export type { LimitSettings } from './limits/settings.ts'
export type { Logger, LogFields } from './logger.ts'

export { ResponderError } from './responders/responder.ts'
export type {
  Responder,
  ResponderMessage,
  ResponderPiece,
  ResponderRequest,
  ResponderSignal,
} from './responders/responder.ts'
export { createEchoResponder } from './responders/echo.ts'
export { createFunctionResponder } from './responders/function.ts'
export { createOpenAIResponder } from './responders/openai.ts'
export { createWebhookResponder } from './responders/webhook.ts'
export { sign as signPayload, verify as verifySignature } from './responders/signature.ts'

export { createFetchTransport } from './webhooks/transport.ts'
export type { FetchTransportOptions, WebhookAnswer, WebhookRequest, WebhookTransport } from './webhooks/transport.ts'
export type { WebhookSettings } from './webhooks/webhooks.ts'

export { openStorage } from './storage/url.ts'
export { openLog } from './storage/open.ts'
export { LogError } from './storage/log.ts'
export type { ConversationLog } from './storage/log.ts'
