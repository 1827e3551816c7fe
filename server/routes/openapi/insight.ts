/** What answers about how an integration is doing look like. */
import { z } from 'zod'
import { answer } from './named.ts'
import { timestamp } from './records.ts'

const origin = z.string().describe('As a browser sends it: scheme, host and port. `null` is the opaque one.')

export const sightingsAnswer = answer(
  'SightingsAnswer',
  z.strictObject({
    seen: z
      .array(z.strictObject({ origin, firstSeenAt: timestamp, lastSeenAt: timestamp }))
      .describe('The latest 20, the latest first.'),
    refused: z
      .array(
        z.strictObject({
          origin,
          lastRefusedAt: timestamp,
          reason: z
            .enum(['not_listed', 'http', 'opaque'])
            .describe('`http`: the domain is listed, for https. `opaque`: the page has no origin of its own.'),
        }),
      )
      .describe('The latest 20 that would be refused now, too. Anybody can send any origin.'),
  }),
)

const count = z.int().min(0)

export const usageAnswer = answer(
  'UsageAnswer',
  z.strictObject({
    days: z
      .array(
        z.strictObject({
          day: z.iso.date().describe('From midnight UTC.'),
          messages: count.describe('Messages of customers that were stored.'),
          answers: count.describe('Answers that the responder gave in full, drafts among them.'),
          calls: count.describe('Times the responder was asked.'),
          failures: count.describe('Times it failed.'),
          thumbsUp: count.describe('Answers that a customer found good. Who changes their mind is counted again.'),
          thumbsDown: count.describe('Answers that a customer found bad.'),
          scores: count.describe('Conversations that a customer has scored.'),
          scoreSum: count.describe('The sum of these scores, 1 to 5 each.'),
        }),
      )
      .describe('Oldest first; the last one is today.'),
    budget: z.strictObject({
      limit: count.nullable().describe('Answers a day; null: no limit.'),
      used: count.describe('Answers that were asked for today; 0 where there is no limit.'),
    }),
  }),
)

const ms = z.int().min(0)

/** One event of a responder that is tried. */
export const trialEvent = answer(
  'ResponderTestEvent',
  z.union([
    z.strictObject({ type: z.literal('delta'), text: z.string() }),
    z.strictObject({
      type: z.literal('done'),
      firstMs: ms.nullable().describe('Milliseconds to the first word; null: nothing was said.'),
      totalMs: ms,
    }),
    z.strictObject({
      type: z.literal('failure'),
      code: z.string(),
      status: z.int().nullable().describe('The HTTP status of the answering service, where there was one.'),
      message: z.string().describe('What to do.'),
      totalMs: ms,
    }),
  ]),
)
