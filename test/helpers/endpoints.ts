/** What customers may call, in every way: tests of who is refused go through all of them. */
export const conversationEndpoints = [
  ['GET', '/conversation/sse'],
  ['POST', '/conversation/sse'],
  ['GET', '/conversation/history'],
  ['POST', '/conversation/stop'],
  ['POST', '/conversation/person'],
  ['POST', '/conversation/feedback'],
  ['POST', '/conversation/typing'],
  ['POST', '/conversation/erase'],
] as const
