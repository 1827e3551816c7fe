/** What shows messages: a part of its own, for whoever has a conversation, or begins one. */
export { default as css } from './reading.css?inline'
export { default } from './Reading.svelte'
