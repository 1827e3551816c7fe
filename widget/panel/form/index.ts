/** What the visitor is asked before the first message: a part of its own, for the sites that ask. */
export { default as css } from './form.css?inline'
export { default } from './PreChatForm.svelte'
