/** The built server; its types come from the source, since nothing may be built yet when types are checked. */
/** @type {typeof import('../server/index.ts')} */
export const server = await import(new URL('../dist/server/index.js', import.meta.url).href)
