/** What messages carry beside their text: a part of its own, for the conversations where they carry something. */
export { default as css } from './pieces.css?inline'
export { default } from './Pieces.svelte'
