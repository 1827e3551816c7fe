/** All calls of the API. Routes take their paths from here: one that is not described does not compile. */
import { accountOperations } from './operations-accounts.ts'
import { deskOperations } from './operations-desk.ts'
import { insightOperations } from './operations-insight.ts'
import { publicOperations } from './operations-public.ts'
import { webhookOperations } from './operations-webhooks.ts'

/** By method and path. */
export const operations = {
  ...publicOperations,
  ...deskOperations,
  ...accountOperations,
  ...insightOperations,
  ...webhookOperations,
}

type OperatorCall =
  | keyof typeof deskOperations
  | keyof typeof accountOperations
  | keyof typeof insightOperations
  | keyof typeof webhookOperations

/** A path of the operator API. */
export type OperatorPath = OperatorCall extends `${string} ${infer Path}` ? Path : never

/** The methods of a path. */
export type MethodOf<Path extends OperatorPath> =
  Extract<OperatorCall, `${string} ${Path}`> extends `${infer Method extends string} ${Path}` ? Method : never
