/** A text beside the launcher that invites to the chat. Loaded where one is set, while the chat is closed. */
import type { WidgetHandle } from '../contract.ts'
import type { InviteRule } from '../features.ts'
import { adopt } from '../host.ts'
import type { WidgetOptions } from '../options.ts'
import { createBubble } from './bubble.ts'
import css from './invite.css?inline'
import { isAnswered, keepAnswered } from './mark.ts'
import { isFor, rulesOf, wordsIn } from './rules.ts'

/** The invitation of one chat. */
export interface Invite {
  show(options: WidgetOptions): void
  destroy(): void
}

/** Makes the invitation of a chat. */
export function createInvite(root: ShadowRoot, handle: WidgetHandle): Invite {
  let options: WidgetOptions = {}
  let rule: InviteRule | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  /** Closed or accepted, it is not shown again on this page. */
  let isOver = false

  const clear = () => {
    clearTimeout(timer)
    const launcher = root.querySelector<HTMLElement>('.launcher')
    if (bubble.element.contains(root.activeElement)) launcher?.focus({ preventScroll: true })
    bubble.hide()
  }

  const end = () => {
    isOver = true
    if (rule?.once) keepAnswered(options)
    clear()
  }

  const say = () => {
    timer = undefined
    const languages = [options.locale, document.documentElement.lang, ...navigator.languages]
    if (rule) bubble.show(wordsIn(rule.text, languages))
  }

  /** The rule for this page, now. */
  const find = (): InviteRule | undefined => {
    if (isOver || root.querySelector<HTMLElement>('.launcher')?.hidden) return undefined
    return rulesOf(options).find((each) => isFor(each, location) && !(each.once && isAnswered(options)))
  }

  const bubble = createBubble({ onAccept: () => handle.open(), onClose: end })
  adopt(root, css)
  root.prepend(bubble.element)

  return {
    show(given) {
      options = given
      if (handle.isOpen) return end()
      const found = find()
      if (JSON.stringify(found) === JSON.stringify(rule)) {
        // In another language, perhaps.
        if (timer === undefined) say()
        return
      }
      clear()
      rule = found
      const seconds = Math.min(Number(rule?.after) || 0, 3_600)
      if (seconds > 0) timer = setTimeout(say, seconds * 1_000)
      else say()
    },
    destroy: clear,
  }
}
