/**
 * Names of files, which strangers choose. A name is only ever shown, and proposed where the file is saved: no file is stored
 * or found by it.
 */
import { attachmentLimits, attachmentTypes } from '../../protocol.ts'
import type { AttachmentType } from '../../protocol.ts'

/**
 * A name that is safe to show and to save under: the last step of a path, without control characters, without those that turn
 * the direction of text around or can't be seen, without what has a meaning in folders, not one that Windows keeps for a
 * device, and with an ending of the file's own type, so that it opens as what it is.
 */
export function displayName(given: string, type: AttachmentType): string {
  const last = given.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const plain = last
    // Persian words and families of emoji need their joiners.
    .replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/\s+/g, ' ')
    // Windows drops what stands at the end; what begins with a dot is hidden elsewhere.
    .replace(/^[\s.]+|[\s.]+$/g, '')
  const [stem, ending] = split(plain, type)
  const safe = stem === '' ? 'file' : isDevice(stem) ? `_${stem}` : stem
  return `${cut(safe, attachmentLimits.name - ending.length - 1)}.${ending}`
}

/** `Content-Disposition` for a file that is saved under a name, never shown as a page (RFC 6266, RFC 8187). */
export function disposition(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}

/** What stands before the ending, and the ending; another type's ending is a part of the name, as in `page.html.png`. */
function split(name: string, type: AttachmentType): [stem: string, ending: string] {
  const endings: readonly string[] = attachmentTypes[type]
  const dot = name.lastIndexOf('.')
  const own = dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
  return endings.includes(own) ? [name.slice(0, dot).replace(/[\s.]+$/, ''), own] : [name, endings[0] as string]
}

/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file: with whatever ending. */
const isDevice = (stem: string): boolean => /^(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\.|$)/i.test(stem)

/** Never in the middle of a character. */
const cut = (text: string, length: number): string =>
  text.length <= length
    ? text
    : text
        .slice(0, length)
        .replace(/[\ud800-\udbff]$/, '')
        .replace(/[\s.]+$/, '')
