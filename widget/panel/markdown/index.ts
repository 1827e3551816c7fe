/** Answers as Markdown: a part of its own, loaded when the first answer is there to be shown. */
export { default as css } from './markdown.css?inline'
export { default } from './Markdown.svelte'
export { safeUrl, targetOf } from './links.ts'
