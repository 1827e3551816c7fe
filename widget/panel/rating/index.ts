/** The question at the end of a conversation: a part of its own, loaded once a conversation is resolved. */
export { default as css } from './rating.css?inline'
export { default } from './Rating.svelte'
