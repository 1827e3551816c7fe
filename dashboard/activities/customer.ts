/** What a customer's page has told, in words for people. It may be anything: each of these gives text, and throws nothing. */

/** An address that may be a link; null for whatever leads somewhere else than to a page. */
export function safeAddress(page: string | null): string | null {
  if (page === null || !URL.canParse(page)) return null
  const { protocol, href } = new URL(page)
  return protocol === 'https:' || protocol === 'http:' ? href : null
}

/** The day of the week and the time of day in a time zone; null where nobody knows the zone. */
export function timeIn(timeZone: string, now: number): string | null {
  try {
    const options = { weekday: 'short', hour: '2-digit', minute: '2-digit', hour12: false } as const
    return new Date(now).toLocaleTimeString('en', { ...options, timeZone })
  } catch {
    return null
  }
}

/** `Portuguese (Brazil)`; the tag itself where nobody has a name for it. */
export function languageName(locale: string): string {
  try {
    return new Intl.DisplayNames('en', { type: 'language', languageDisplay: 'standard' }).of(locale) ?? locale
  } catch {
    return locale
  }
}

/** A value of the site's, as text. */
export const valueText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value, null, 1) ?? '')
