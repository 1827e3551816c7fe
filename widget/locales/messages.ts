/** The English words around messages: part of what shows them. */
import type { Texts } from './texts.ts'

export const texts = {
  retry: 'Retry',
  askAgain: 'Ask again',
  you: 'You',
  assistant: 'Assistant',
  notSent: 'Not sent.',
  typing: 'The assistant is writing',
  states: {
    sending: 'Sending…',
    stopped: 'Stopped',
    interrupted: 'The answer broke off',
    writing: '',
    done: '',
  },
  sendingLater: 'Many messages at once. It will be sent in a moment…',
  earlier: 'Show earlier messages',
  outcomes: {
    failed: 'The answer could not be written.',
    approval: 'A person is checking the answer. It will appear here.',
    human: 'Thank you. A person will answer here.',
  },
  copy: 'Copy',
  copied: 'Copied',
  code: 'Code',
  table: 'Table',
  failures: {
    network: 'Check your connection.',
    rate_limited: 'Too many messages. Wait a moment.',
    text_too_long: 'The message is too long.',
    invalid_token: 'This chat is not available at the moment.',
    domain_not_allowed: 'This chat is not available on this site.',
    identity_required: 'Sign in to chat.',
    storage_unavailable: 'The server has a problem. Wait a moment.',
    other: 'Something went wrong.',
  },
}

/** All words there are where messages are shown. */
export type ReadingTexts = Texts & typeof texts
