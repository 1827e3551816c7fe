/** Every way the elements and scripts of a page have to ask for an address without its owner's leave. */

/** Something a page can do, told the address to ask for. */
export type Way = (address: string) => string

/** Ways that leave the page where it is, so that one page can go them all. */
export const loads: Record<string, Way> = {
  img: (address) => `<img src="${address}">`,
  'img without a referrer': (address) => `<img src="${address}" referrerpolicy="no-referrer">`,
  'img with CORS': (address) => `<img src="${address}" crossorigin>`,
  script: (address) => `<script src="${address}"></script>`,
  'script without a referrer': (address) => `<script src="${address}" referrerpolicy="no-referrer"></script>`,
  'module script': (address) => `<script type="module" src="${address}"></script>`,
  iframe: (address) => `<iframe src="${address}"></iframe>`,
  'sandboxed iframe': (address) => `<iframe sandbox="allow-scripts" src="${address}"></iframe>`,
  object: (address) => `<object data="${address}"></object>`,
  embed: (address) => `<embed src="${address}">`,
  video: (address) => `<video src="${address}"></video>`,
  audio: (address) => `<audio src="${address}" preload="auto"></audio>`,
  stylesheet: (address) => `<link rel="stylesheet" href="${address}">`,
  'background image': (address) => `<div style="background: url('${address}')">.</div>`,
  preload: (address) => `<link rel="preload" as="image" href="${address}">`,
  'no-cors fetch': (address) => scripted(`fetch('${address}', { mode: 'no-cors' })`),
  'no-cors fetch without a referrer': (address) =>
    scripted(`fetch('${address}', { mode: 'no-cors', referrerPolicy: 'no-referrer' })`),
  'posted no-cors fetch': (address) => scripted(`fetch(${posted(address)}, mode: 'no-cors' })`),
  'cors fetch': (address) => scripted(`fetch('${address}')`),
  'posted cors fetch': (address) => scripted(`fetch(${posted(address)} })`),
  'fetch with cookies': (address) => scripted(`fetch('${address}', { credentials: 'include' })`),
  'fetch of a sandboxed page': (address) =>
    `<iframe sandbox="allow-scripts" srcdoc="<script>fetch('${address.replaceAll('&', '&amp;')}')</script>"></iframe>`,
  EventSource: (address) => `<script>new EventSource('${address}')</script>`,
  'EventSource with cookies': (address) => `<script>new EventSource('${address}', { withCredentials: true })</script>`,
  beacon: (address) => `<script>navigator.sendBeacon('${withoutFields(address)}', ${fieldsOf(address)})</script>`,
}

/** Ways that lead away from the page, or wait until nothing else is going on there. */
export const single: Record<string, Way> = {
  prefetch: (address) => `<link rel="prefetch" href="${address}">`,
  form: (address) => formTo(address, 'get'),
  'form without a referrer': (address) => formTo(address, 'get', 'rel="noreferrer"'),
  'posted form': (address) => formTo(address, 'post'),
  location: (address) => `<script>location.href = '${address}'</script>`,
  'meta refresh': (address) => `<meta http-equiv="refresh" content="0; url=${address}">`,
}

/** A script whose answer, if it gets one, is there to be read: in `window.read`. */
const scripted = (call: string): string =>
  `<script>${call}.then((answer) => answer.text()).then((text) => text && (window.read ??= []).push(text), () => {})</script>`

/** The address with nothing but the mark it is told by. */
function withoutFields(address: string): string {
  const { origin, pathname, searchParams } = new URL(address)
  return `${origin}${pathname}?${new URLSearchParams({ way: searchParams.get('way') ?? '' })}`
}

const fieldsOf = (address: string): string => `new URLSearchParams('${new URL(address).search}')`
/** The beginning of a call's arguments. */
const posted = (address: string): string => `'${withoutFields(address)}', { method: 'POST', body: ${fieldsOf(address)}`

/** A form that sends itself. */
function formTo(address: string, method: string, attributes = ''): string {
  const fields = [...new URL(address).searchParams].map(([name, value]) => `<input name="${name}" value="${value}">`)
  // A GET form has its fields for a query, whatever the address has.
  return `<form action="${withoutFields(address)}" method="${method}" ${attributes}>${fields.join('')}</form>
    <script>document.forms[0].submit()</script>`
}
