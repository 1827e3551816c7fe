/** What single keys do in the inbox, where nothing is being typed. */

/** What can be done by a key. */
export type Shortcut =
  | 'next'
  | 'previous'
  | 'reply'
  | 'note'
  | 'approve'
  | 'edit'
  | 'reject'
  | 'resolve'
  | 'takeover'
  | 'search'
  | 'close'
  | 'help'

/** All of them, in the order in which they are explained. */
export const shortcuts: { key: string; shown: string; does: Shortcut; text: string }[] = [
  { key: 'j', shown: 'j', does: 'next', text: 'Next conversation' },
  { key: 'k', shown: 'k', does: 'previous', text: 'Previous conversation' },
  { key: 'r', shown: 'r', does: 'reply', text: 'Write a reply' },
  { key: 'n', shown: 'n', does: 'note', text: 'Write a note for the team' },
  { key: 'a', shown: 'a', does: 'approve', text: 'Approve the draft' },
  { key: 'e', shown: 'e', does: 'edit', text: 'Edit the draft' },
  { key: 'x', shown: 'x', does: 'reject', text: 'Reject the draft' },
  { key: 't', shown: 't', does: 'takeover', text: 'Take over, or hand back' },
  { key: 's', shown: 's', does: 'resolve', text: 'Resolve, or reopen' },
  { key: '/', shown: '/', does: 'search', text: 'Search' },
  { key: 'Escape', shown: 'Esc', does: 'close', text: 'Leave the text box; close the conversation' },
  { key: '?', shown: '?', does: 'help', text: 'This list' },
]

/** What a key press asks for; undefined where it belongs to something else: a text box, a menu, a dialog. */
export function shortcutOf(event: KeyboardEvent): Shortcut | undefined {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return undefined
  const target = event.target instanceof Element ? event.target : null
  if (target?.closest('[role="dialog"], [role="menu"], [role="listbox"], [role="alertdialog"]')) return undefined
  if (target?.closest('input, textarea, select, [contenteditable]')) return undefined
  return shortcuts.find(({ key }) => key === event.key)?.does
}
