/** The English words of the question at the end of a conversation: part of what asks it. */
export const texts = {
  question: 'How was this chat?',
  scores: { '1': 'Very bad', '2': 'Bad', '3': 'Okay', '4': 'Good', '5': 'Very good' },
  comment: 'What could be better? (optional)',
  send: 'Send',
  skip: 'Not now',
  thanks: 'Thank you for telling us.',
}
