/** A line of the audit trail, as the server tells it. */
export interface AuditEntry {
  id: string
  at: string
  action: string
  by: string | null
  target: string | null
  integrationId?: string
  role?: string
  name?: string
  fields?: string[]
}

const texts: Record<string, string> = {
  'owner-created': 'became the first owner',
  'logged-in': 'logged in',
  'log-in-failed': 'failed to log in',
  'logged-out-everywhere': 'logged out everywhere',
  'password-changed': 'changed their password',
  'invitation-created': 'invited somebody',
  'invitation-used': 'joined by an invitation',
  'invitation-revoked': 'took an invitation back',
  'operator-renamed': 'renamed a person',
  'role-changed': 'changed a person’s role',
  'operator-removed': 'removed a person',
  'integration-created': 'created an integration',
  'integration-changed': 'changed an integration',
  'integration-removed': 'deleted an integration',
  'token-created': 'added a token',
  'token-revoked': 'revoked a token',
  'identity-secret-rotated': 'made a new identity secret',
  'webhook-created': 'added a webhook',
  'webhook-changed': 'changed a webhook',
  'webhook-removed': 'deleted a webhook',
  'webhook-secret-rotated': 'made a new webhook secret',
  'draft-approved': 'approved a draft',
  'draft-rejected': 'rejected a draft',
  'conversation-exported': 'exported a conversation',
  'conversation-erased': 'erased a conversation',
  'conversation-expired': 'erased a conversation that was kept long enough',
}

/** What somebody did, in words that follow their name. What a newer server calls otherwise is told as it calls it. */
export function actionText({ action, fields, name, role }: AuditEntry): string {
  const details = [name, role, ...(fields ?? [])].filter((detail) => detail !== undefined)
  const text = texts[action] ?? action.replaceAll('-', ' ')
  return details.length > 0 ? `${text} (${details.join(', ')})` : text
}
