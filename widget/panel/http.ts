/** How our own server is reached: a part of its own, for whoever has a conversation, or begins one. */
export { createHttpAdapter } from '../../adapters/http.ts'
export { createHttpExtras } from '../../adapters/http-extras.ts'
