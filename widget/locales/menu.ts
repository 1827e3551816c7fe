/** The English words of the menu: part of what shows it. */
export const texts = {
  more: 'More',
  person: 'Talk to a person',
  personAsked: 'We have told the team. A person will answer here.',
  transcript: 'Download this conversation',
  sound: 'Sound for new messages',
  erase: 'Delete this conversation',
  eraseSure: 'Delete this conversation? It is deleted here and at our end, and cannot be brought back.',
  eraseYes: 'Delete',
  cancel: 'Cancel',
  erased: 'The conversation has been deleted.',
  failed: 'That did not work. Please try again.',
}
