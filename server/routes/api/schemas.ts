/** What operators send about integrations. The API's description is made from these, too. */
import { z } from 'zod'
import { form, hours, invite, texts } from './schemas-chat.ts'

/** Look and texts, by the names of the widget's options. Texts are shown as text, never as markup. */
export const widgetLook = z.strictObject({
  title: z.string().trim().max(100).optional(),
  greeting: z.string().trim().max(1_000).optional(),
  placeholder: z.string().trim().max(100).optional(),
  accent: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'has to be a colour such as #3b5bdb')
    .optional(),
  position: z.enum(['left', 'right']).optional(),
  theme: z.enum(['auto', 'light', 'dark']).optional(),
  radius: z.number().min(0).max(40).optional(),
  font: z
    .string()
    .trim()
    .regex(/^[\w ,.'"-]{1,200}$/, 'has to be a list of typefaces such as Inter, sans-serif')
    .optional(),
  size: z
    .string()
    .regex(/^(small|medium|large|\d{3,4}x\d{3,4})$/, 'has to be small, medium, large, or pixels such as 400x700')
    .optional(),
  offset: z
    .string()
    .regex(/^\d{1,3}(x\d{1,3})?$/, 'has to be pixels such as 24, or 24x80')
    .optional(),
  zIndex: z.int().min(-2_147_483_648).max(2_147_483_647).optional(),
  invite: invite.nullable().optional(),
  locale: z
    .string()
    .max(35)
    .regex(/^[a-z]{2,3}([-_][a-z0-9]{2,8})*$/i, 'has to be a language tag such as pt-BR')
    .optional(),
  texts: texts.optional(),
  hours: hours.nullable().optional(),
  form: form.nullable().optional(),
  launcher: z.boolean().optional(),
  imageHosts: z
    .array(
      z
        .string()
        .regex(/^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/i, 'has to be a host such as img.example.com'),
    )
    .max(50)
    .optional(),
  pollInterval: z.number().min(5).max(60).optional(),
  rating: z.boolean().optional(),
  feedback: z.boolean().optional(),
  sound: z.boolean().optional(),
  titleCount: z.boolean().optional(),
})

/** What becomes of drafts that nobody decides about. */
export const overdue = z.strictObject({
  afterMinutes: z.int().min(1).max(10_080),
  action: z.enum(['release', 'apologise']),
  text: z.string().trim().min(1).max(1_000).optional(),
})

const settings = {
  allowedDomains: z.array(z.string().max(300)).max(200).optional(),
  responder: z.string().nullable().optional(),
  responseMode: z.enum(['auto', 'approval']).optional(),
  allowUnsignedIds: z.boolean().optional(),
  requireIdentity: z.boolean().optional(),
  overdue: overdue.nullable().optional(),
  answersPerDay: z.int().min(0).max(10_000_000).nullable().optional(),
  retentionDays: z.int().min(1).max(36_500).nullable().optional(),
  attachments: z.boolean().optional(),
  visitorErase: z.boolean().optional(),
  widget: widgetLook.optional(),
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
