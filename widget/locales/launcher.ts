/** The few words that stand on the page before the panel is loaded. */
export const texts = {
  open: 'Open chat',
  close: 'Close chat',
  retry: 'The chat could not be loaded. Try again',
  /** # stands for the number. */
  unread: '# unread',
}
