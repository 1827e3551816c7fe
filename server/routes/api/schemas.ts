/** What operators send about integrations. The API's description is made from these, too. */
import { z } from 'zod'

/** Settings are small and flat by nature; what is nested deeper than any of them is no setting. */
const maxDepth = 6

const widgetSettings = z
  .record(z.string(), z.unknown())
  .refine((settings) => depthIsAtMost(settings, maxDepth), `may be nested ${maxDepth} levels deep at most`)

const settings = {
  allowedDomains: z.array(z.string().max(300)).max(200).optional(),
  responder: z.string().nullable().optional(),
  responseMode: z.enum(['auto', 'approval']).optional(),
  allowUnsignedIds: z.boolean().optional(),
  requireIdentity: z.boolean().optional(),
  answersPerDay: z.int().min(0).max(10_000_000).nullable().optional(),
  retentionDays: z.int().min(1).max(36_500).nullable().optional(),
  widget: widgetSettings.optional(),
}

const name = z.string().trim().min(1).max(100)

/** The body of `POST /api/integrations`. */
export const createIntegrationSchema = z.strictObject({ name, kind: z.enum(['widget', 'api']), ...settings })

/** The body of `PATCH /api/integrations/:id`. */
export const updateIntegrationSchema = z.strictObject({ name: name.optional(), ...settings })

/**
 * The body of `POST /api/integrations/:id/identity-secrets`. A day is how long a `userJwt` may live, so by default none
 * that was made before ends early.
 */
export const rotateSecretSchema = z.strictObject({ overlapSeconds: z.int().min(0).max(2_592_000).default(86_400) })

/** Level by level rather than by recursion, which a hostile body could drive as deep as it likes. */
function depthIsAtMost(value: unknown, depth: number): boolean {
  let level = [value]
  for (let left = depth; level.length > 0; left--) {
    if (left < 0) return false
    level = level.flatMap((item) => (item !== null && typeof item === 'object' ? Object.values(item) : []))
  }
  return true
}
