/** The server as a library: `createLumika(options).fetch` runs wherever fetch runs. */
export { createLumika } from './app.ts'
export type { Lumika, LumikaOptions } from './app.ts'
