import type { Integration } from '../api/types.ts'

/** What the server answers when a token was made: some of it is told only this once. */
export interface Created {
  integration: Integration & { identitySecret?: string }
  token: string
  tokenId: string
}

/** A responder that the server has. */
export interface Responder {
  name: string
  kind: string
  isDefault: boolean
}

/** Stands for "no responder" where a value has to be a text. */
export const nobody = '~people'

/** What responders may be chosen from. */
export const responderOptions = (responders: readonly Responder[]) => [
  ...responders.map(({ name, kind, isDefault }) => ({
    value: name,
    label: name,
    text: `${kindText[kind] ?? kind}${isDefault ? ' · the server’s default' : ''}`,
  })),
  { value: nobody, label: 'People only', text: 'No assistant: the team answers everything' },
]

const kindText: Record<string, string> = {
  echo: 'Repeats what it is told, to try things out',
  openai: 'Asks a language model',
  webhook: 'Asks your own program',
  function: 'Your own code in this server',
}

/** One entry a line, or between commas, as people paste lists. */
export const toDomains = (text: string): string[] => text.split(/[\s,;]+/).filter((entry) => entry !== '')
