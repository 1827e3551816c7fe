/** The button the chat is opened with. Painted by hand: the page pays for it on every view. */
import { texts as english } from './locales/launcher.ts'

/** What the button says. */
export type LauncherTexts = typeof english

/** What happens to the button. */
export interface LauncherOptions {
  /** The visitor is about to open the chat. */
  onIntent: () => void
  onClick: () => void
}

/** What the button shows. */
export interface LauncherState {
  isOpen: boolean
  isLoading: boolean
  hasFailed: boolean
  isHidden: boolean
  unread: number
  /** @default English */
  texts: LauncherTexts | undefined
}

/** The button. */
export interface Launcher {
  element: HTMLButtonElement
  show(state: LauncherState): void
}

/** Makes the button. */
export function createLauncher({ onIntent, onClick }: LauncherOptions): Launcher {
  const element = document.createElement('button')
  element.className = 'launcher'
  element.setAttribute('aria-haspopup', 'dialog')
  const badge = document.createElement('span')
  // The icon is drawn by the style sheet.
  element.append(document.createElement('i'), badge)
  // A finger enters, too, when it touches.
  for (const type of ['pointerenter', 'focus']) element.addEventListener(type, onIntent)
  element.addEventListener('click', onClick)

  return {
    element,
    show({ isOpen, isLoading, hasFailed, isHidden, unread, texts = english }) {
      const label = hasFailed ? texts.retry : isOpen ? texts.close : texts.open
      const count = isOpen || hasFailed ? 0 : unread
      element.setAttribute('aria-label', count ? `${label}, ${texts.unread.replace('#', `${count}`)}` : label)
      element.setAttribute('aria-expanded', `${isOpen}`)
      element.setAttribute('aria-busy', `${isLoading}`)
      element.title = hasFailed ? label : ''
      element.hidden = isHidden
      badge.textContent = hasFailed ? '!' : count > 99 ? '99+' : `${count || ''}`
    },
  }
}
