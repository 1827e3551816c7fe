/** What few sites set of the look: sizes, a typeface, another place. Loaded by pages that set any of it. */
import type { LookModule } from '../contract.ts'
import { adopt, setLook } from '../host.ts'
import css from './place.css?inline'
import { placeOf, valuesOf } from './values.ts'

export const dressUp: LookModule['dressUp'] = (host, handle) => {
  const { element, root, show } = host
  adopt(root, css)
  let before: Element | null = null

  host.show = (options) => {
    show(options)
    setLook(element, valuesOf(options))
    const place = placeOf(options)
    // The element may stand further down in the page, or is made by a script that has not run yet.
    if (!place && options.mode === 'inline' && document.readyState === 'loading') {
      return document.addEventListener('DOMContentLoaded', () => handle.update({}), { once: true })
    }
    if (place) element.dataset['mode'] = options.mode
    else delete element.dataset['mode']
    if (place && !place.contains(element)) place.append(element)
    host.isPlaced = false
    if (place && !before) {
      before = place
      handle.open()
    }
    before = place
    host.isPlaced = !!place
  }
}
