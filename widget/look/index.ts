/** What few sites set of the look: sizes, a typeface, another place, an invitation. Loaded by pages that set any of it. */
import type { LookModule } from '../contract.ts'
import { adopt, setLook } from '../host.ts'
import type { Host } from '../host.ts'
import type { Invite } from '../invite/index.ts'
import type { WidgetOptions } from '../options.ts'
import css from './place.css?inline'
import { placeOf, valuesOf } from './values.ts'

/** The file that shows invitations, and its hash for subresource integrity; nothing in the npm package. */
declare const __LUMIKA_INVITE__: readonly [file: string, integrity: string]

export const dressUp: LookModule['dressUp'] = (host, handle, prepare) => {
  const { element, root, show, remove } = host
  adopt(root, css)
  let before: Element | null = null
  let options: WidgetOptions = {}
  /** Whoever has been in the chat on this page needs no invitation. */
  let wasOpen = false
  let invite: Promise<Invite | undefined> | undefined

  const loadInvite = async (): Promise<Invite | undefined> => {
    try {
      await prepare?.(element, ...__LUMIKA_INVITE__)
      const { createInvite } = await import('../invite/index.ts')
      return createInvite(root, handle)
    } catch {
      // The chat is as good without.
      return undefined
    }
  }

  host.show = (given) => {
    options = given
    show(options)
    setLook(element, valuesOf(options))
    const place = placeOf(options)
    // The element may stand further down in the page, or is made by a script that has not run yet.
    if (!place && options.mode === 'inline' && document.readyState === 'loading') {
      return document.addEventListener('DOMContentLoaded', () => handle.update({}), { once: true })
    }
    stand(host, place, options)
    if (place && !before) {
      before = place
      handle.open()
    }
    before = place
    host.isPlaced = !!place
    wasOpen ||= handle.isOpen
    if (options.invite && !place && !wasOpen) invite ??= loadInvite()
    // What was set may be another thing by the time that it is there.
    void invite?.then((loaded) => loaded?.show(options))
  }
  host.remove = () => {
    remove()
    void invite?.then((loaded) => loaded?.destroy())
  }
}

/** Puts the chat into the element that it is to fill. */
function stand(host: Host, place: Element | null, { mode }: WidgetOptions): void {
  if (place && mode) host.element.dataset['mode'] = mode
  else delete host.element.dataset['mode']
  if (place && !place.contains(host.element)) place.append(host.element)
  host.isPlaced = false
}
