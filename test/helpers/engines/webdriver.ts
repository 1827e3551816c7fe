/** A client of classic WebDriver (w3.org/TR/webdriver2): one HTTP request for each command. */

/** A session with a browser. */
export interface Session {
  capabilities: { browserVersion: string }
  /** Sends a command, below the session's path. @throws Error with the driver's own words when it is refused */
  send<T = unknown>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: Record<string, unknown>): Promise<T>
}

/** Starts a session. `driver` is the address of a driver's server. */
export async function startSession(driver: string, alwaysMatch: Record<string, unknown>): Promise<Session> {
  const created = await command<{ sessionId: string; capabilities: Session['capabilities'] }>(
    'POST',
    `${driver}/session`,
    { capabilities: { alwaysMatch } },
  )
  return {
    capabilities: created.capabilities,
    send: (method, path, body) => command(method, `${driver}/session/${created.sessionId}${path}`, body),
  }
}

async function command<T>(method: string, url: string, body?: Record<string, unknown>): Promise<T> {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) })
  const { value } = (await response.json()) as { value: T & { error?: string; message?: string } }
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`)
  return value
}
