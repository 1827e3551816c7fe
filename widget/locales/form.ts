/** The English words of the form that comes before a conversation: part of what shows it. */
export const texts = {
  optional: 'optional',
  start: 'Start chat',
  missing: 'Please fill this in.',
  email: 'Please enter an email address, such as name@example.com.',
  agree: 'Please agree to this first.',
  choose: 'Please choose',
  read: 'Read more',
}
