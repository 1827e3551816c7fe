/** Keeps what somebody writes within its bubble, and its words in the order in which they are written. */

/** Marks on one letter: more than any language has, and few enough to stay within their line. */
const marks = /(\p{M}{6})\p{M}+/gu
/** Line ends, and what else moves on to another line. */
const emptyLines = /([\n\v\f\x85\u2028\u2029][^\S\n]*){4,}/g
/** Controls that turn the direction of text, and with it what it seems to say. */
const directions = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** A text without towers of marks and without deserts of empty lines. */
export const clipped = (text: string): string => text.replace(marks, '$1').replace(emptyLines, '\n\n\n')

/** A text without direction controls: for what vouches for something, such as a name, or the words of a link. */
export const withoutDirections = (text: string): string => text.replace(directions, '')
