import type { Plural } from './texts.ts'

/** The English words of sending files: part of what sends them. # stands for a name, a size or a number. */
export const texts = {
  add: 'Attach a file',
  drop: 'Drop the file here',
  remove: 'Remove #',
  uploading: 'Uploading #',
  tooLarge: 'This file is too large. The limit is #.',
  wrongType: 'Images and PDF files can be sent, no others.',
  tooMany: { other: 'At most # files at once.' } as Plural,
  failed: 'The file could not be uploaded.',
  notAllowed: 'Files cannot be sent here.',
}
