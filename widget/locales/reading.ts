import type { Plural } from './texts.ts'

/** The English words of what helps to read a conversation: part of what shows it. */
export const texts = {
  newMessages: { one: '# new message', other: '# new messages' } as Plural,
  toEnd: 'Go to the newest message',
  /** # stands for the name. */
  isTyping: '# is typing…',
  suggestions: 'Suggested answers',
  helpful: 'Helpful',
  notHelpful: 'Not helpful',
  thanks: 'Thank you for telling us.',
  /** # stands for the name of the file. */
  download: 'Download #',
  image: 'Image',
  file: 'File',
}
