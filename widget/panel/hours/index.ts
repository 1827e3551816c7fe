/** When somebody is there: a part of its own, for the sites that say so. */
export { default as css } from './hours.css?inline'
export { default } from './HoursBanner.svelte'
