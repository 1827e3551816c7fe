/** A browser and its system in a few words, by the `User-Agent` of a request. Nothing finer is kept: it is for people to read. */

/** What calls itself by several names calls itself by the most common one, too, so the rarer ones come first. */
const browsers: [name: string, version: RegExp][] = [
  ['Edge', /\bEdg(?:A|iOS)?\/(\d{1,4})/],
  ['Opera', /\bOP[RT]\/(\d{1,4})/],
  ['Samsung Internet', /\bSamsungBrowser\/(\d{1,4})/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/(\d{1,4})/],
  ['Chrome', /\b(?:HeadlessChrome|Chrome|CriOS)\/(\d{1,4})/],
  ['Safari', /\bVersion\/(\d{1,4})[\d.]* (?:Mobile\/\w+ )?Safari\//],
]

const systems: [name: string, sign: RegExp][] = [
  ['Windows', /\bWindows\b/],
  ['iOS', /\b(?:iPhone|iPad|iPod)\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['macOS', /\bMacintosh\b/],
  ['Linux', /\bLinux\b/],
]

/** `Firefox 140 on Windows`; the system alone where it says no more; null for whatever is no browser that we know. */
export function browserOf(userAgent: string | null): string | null {
  const said = (userAgent ?? '').slice(0, 512)
  const system = systems.find(([, sign]) => sign.test(said))?.[0] ?? null
  for (const [name, version] of browsers) {
    const found = version.exec(said)
    if (found) return `${name} ${found[1]}${system ? ` on ${system}` : ''}`
  }
  return said.startsWith('Mozilla/') ? system : null
}
