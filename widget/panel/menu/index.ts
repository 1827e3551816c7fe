/** What can be done with a conversation: a part of its own, loaded when somebody reaches for the button. */
export { default as css } from './menu.css?inline'
export { default } from './Menu.svelte'
