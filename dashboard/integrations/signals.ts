/** What visitors are asked, and how they are called, as it is edited: switches. */
import type { WidgetLook } from '../api/types.ts'

export interface SignalsDraft {
  feedback: boolean
  rating: boolean
  sound: boolean
  titleCount: boolean
}

/** As it is where nothing is set. */
const usual: SignalsDraft = { feedback: true, rating: true, sound: false, titleCount: false }
const names = Object.keys(usual) as (keyof SignalsDraft)[]

/** What is saved. */
export const signalsDraft = ({ feedback, rating, sound, titleCount }: WidgetLook): SignalsDraft => ({
  feedback: feedback ?? usual.feedback,
  rating: rating ?? usual.rating,
  sound: sound ?? usual.sound,
  titleCount: titleCount ?? usual.titleCount,
})

/** What is to be saved: what is not as usual. */
export const signalsOf = (draft: SignalsDraft): Partial<SignalsDraft> =>
  Object.fromEntries(names.filter((name) => draft[name] !== usual[name]).map((name) => [name, draft[name]]))

/** How many of them are on, in words. */
export const signalsInWords = (draft: SignalsDraft): string => {
  const count = names.filter((name) => draft[name]).length
  return count ? `${count} of ${names.length} on` : ''
}
