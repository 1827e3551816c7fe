/** The pages of the benchmark of long conversations: each shows the same messages in one chat, and can scroll in it. */

/** So many messages. */
export const count = 10_000
/** So many of them at a time, where a chat asks for them. */
const size = 50

/** Questions, and answers that are Markdown: strong words, lists, code, links. The last one is an answer. */
const messages = `
  const words = 'when will the order that we made on monday be here and can it be sent to another street'.split(' ')
  const say = (i, n) => Array.from({ length: n }, (_, k) => words[(i * 7 + k * 3) % words.length]).join(' ')
  const answers = [
    (i) => say(i, 12) + ' **at once**.',
    (i) => '**In short:** ' + say(i, 30) + '.\\n\\n' + say(i + 1, 25) + '.',
    (i) => 'There are **three** ways:\\n\\n- ' + say(i, 6) + '\\n- ' + say(i + 1, 9) + '\\n- ' + say(i + 2, 4),
    (i) => 'Put **this** in:\\n\\n\`\`\`js\\nconst order = ' + i + '\\n\`\`\`\\n\\n[More](https://example.com/' + i + ').',
  ]
  const bodyOf = (i) => i % 2 ? answers[(i >> 1) % 4](i) : say(i, 3 + i * 7 % 25) + '?'
  const all = Array.from({ length: ${count} }, (_, i) => ({ isAnswer: i % 2 === 1, text: 'No. ' + i + ': ' + bodyOf(i) }))`

/** What a page can do, once it has said what scrolls and where its messages are. */
const shared = `
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())))
  const painted = () => frame().then(() => new Promise((resolve) => setTimeout(() => resolve(performance.now()))))
  const isInView = (element) => {
    const [own, outer] = [element.getBoundingClientRect(), chat.log().getBoundingClientRect()]
    return own.height > 0 && own.bottom <= outer.bottom + 1 && own.top < outer.bottom
  }
  /** The last message is there, as Markdown, and in view. */
  const isShown = () => {
    const strong = chat.log() && chat.last()?.querySelector('strong, b')
    return !!strong && chat.last().textContent.includes('No. ${count - 1}:') && isInView(strong)
  }
  window.shown = (async () => {
    while (!isShown()) await frame()
    return painted()
  })()
  /** Goes to the beginning until there is no more, and back to the end. Returns how long the first took, in milliseconds. */
  window.loadAll = async () => {
    const start = performance.now()
    while (chat.hasMore()) {
      chat.log().scrollTop = 0
      await frame()
    }
    const time = performance.now() - start
    while (!isShown()) {
      chat.log().scrollTop = chat.log().scrollHeight
      await frame()
    }
    return time
  }
  /** From the end to the beginning: how long each frame took, and each task that was long, in milliseconds. */
  window.scrollUp = async (step) => {
    const log = chat.log()
    const [frames, tasks] = [[], []]
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
    observer.observe({ type: 'longtask' })
    for (let before = await frame(); log.scrollTop > 0;) {
      log.scrollTop -= step
      const now = await frame()
      frames.push(now - before)
      before = now
    }
    await painted()
    observer.disconnect()
    return { frames, tasks }
  }`

/** The built chat: it asks for ${size} messages, and for earlier ones as soon as somebody comes near to them. */
const lumika = `
  import { mountWidget } from '/index.js'
  ${messages}
  const time = Date.now() - ${count} * 600_000
  const records = all.map(({ isAnswer, text }, i) => ({
    id: 'record' + i, actor: isAnswer ? 'assistant' : 'customer', type: 'message', body: text, data: {},
    createdAt: new Date(time + i * 600_000).toISOString(),
  }))
  const placeOf = (id) => Number(id.slice('record'.length))
  const history = async ({ afterId, beforeId, limit = ${size}, wait, signal }) => {
    if (wait) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    const end = beforeId ? placeOf(beforeId) : records.length
    const from = afterId ? placeOf(afterId) + 1 : Math.max(0, end - limit)
    const messages = records.slice(from, end)
    return { messages, lastMessageId: messages.at(-1)?.id ?? afterId ?? null, hasMore: !afterId && from > 0 }
  }
  const adapter = { async *send() {}, async *resume() {}, async stop() {}, history }
  const root = () => document.querySelector('lumika-chat')?.shadowRoot
  const chat = {
    log: () => root()?.querySelector('.log'),
    last: () => root().querySelector('.block:last-of-type .entry:last-child .bubble'),
    hasMore: () => !!root().querySelector('.earlier'),
  }
  mountWidget({ adapter, conversationId: 'a-long-conversation', userHash: 'a'.repeat(64) }).open()
  ${shared}`

/**
 * deep-chat, of the same size: given all messages, or asked for ${size} at a time.
 *
 * @param {boolean} isPaged
 */
const deepChat = (isPaged) => `
  import '/deep-chat.js'
  ${messages}
  const given = all.map(({ isAnswer, text }) => ({ role: isAnswer ? 'ai' : 'user', text }))
  const element = document.createElement('deep-chat')
  element.style.width = '384px'
  element.style.height = '620px'
  element.maxVisibleMessages = ${count * 2}
  element.connect = { url: '/none' }
  let left = ${count}
  if (!${isPaged}) element.history = given
  else element.loadHistory = () => {
    const page = given.slice(left - ${size}, left)
    left -= ${size}
    // It takes this for: there are more.
    return left > 0 ? [false, ...page] : page
  }
  const chat = {
    log: () => element.shadowRoot?.querySelector('#messages'),
    last: () => {
      const { lastElementChild: last } = chat.log()
      // What stood for the history while it was loaded is left behind, empty.
      return last?.textContent ? last : last?.previousElementSibling
    },
    hasMore: () => false,
  }
  document.body.append(element)
  ${shared}`

/** The scripts, by the name of their page. */
export const scripts = { lumika, deepChat: deepChat(false), deepChatPaged: deepChat(true) }
