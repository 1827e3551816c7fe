/** The English words about when somebody is there: part of what shows them. */
export const texts = {
  /** # stands for the day and the time. */
  back: 'We are back #.',
}
