/** The languages that the chat speaks, as a list to choose from: English, which all fall back on, and the others by name. */
import { languages as tags } from '../../protocol.ts'

const names = new Intl.DisplayNames('en', { type: 'language' })

/** By its own name, with the English one below: who speaks it looks for the one, who runs the chat for the other. */
export const languages = tags
  .map((value) => {
    const own = new Intl.DisplayNames(value, { type: 'language' }).of(value) ?? value
    const label = own.charAt(0).toLocaleUpperCase(value) + own.slice(1)
    const text = names.of(value) ?? value
    return { value, label, text: text === label ? '' : text }
  })
  .sort((one, other) => Number(other.value === 'en') - Number(one.value === 'en') || one.text.localeCompare(other.text))
