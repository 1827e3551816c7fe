/** All calls of the API. Routes take their paths from here: one that is not described does not compile. */
import { accountOperations } from './operations-accounts.ts'
import { deskOperations } from './operations-desk.ts'
import { publicOperations } from './operations-public.ts'

/** By method and path. */
export const operations = { ...publicOperations, ...deskOperations, ...accountOperations }

type OperatorCall = keyof typeof deskOperations | keyof typeof accountOperations

/** A path of the operator API. */
export type OperatorPath = OperatorCall extends `${string} ${infer Path}` ? Path : never

/** The methods of a path. */
export type MethodOf<Path extends OperatorPath> =
  Extract<OperatorCall, `${string} ${Path}`> extends `${infer Method extends string} ${Path}` ? Method : never
