/** `/health`: the process answers. `/ready`: its storage does, too. */
import type { H3 } from 'h3'
import { corsHeaders } from '../access/cors.ts'
import type { Logger } from '../logger.ts'
import type { ConversationLog } from '../storage/log.ts'
import { errorAnswer, json } from './answers.ts'

/** What these routes need. */
export interface HealthRoutesOptions {
  log: ConversationLog
  logger: Logger
}

/** Adds the routes to the app. */
export function healthRoutes(app: H3, { log, logger }: HealthRoutesOptions): void {
  const headers = corsHeaders(null)
  app.get('/health', () => json({ status: 'ok' }, 200, headers))
  app.get('/ready', async () => {
    try {
      await log.recent({ limit: 1 })
      return json({ status: 'ready' }, 200, headers)
    } catch (error) {
      return errorAnswer(error, logger, headers)
    }
  })
}
