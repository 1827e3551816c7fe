/** The button the chat is opened with. Painted by hand: the page pays for it on every view. */
import { texts } from './locales/launcher.ts'

/** What happens to the button. */
export interface LauncherOptions {
  /** The visitor is about to open the chat. */
  onIntent: () => void
  onClick: () => void
}

/** The button. */
export interface Launcher {
  element: HTMLButtonElement
  show(state: { isOpen: boolean; isLoading: boolean; hasFailed: boolean }): void
}

const namespace = 'http://www.w3.org/2000/svg'
const bubble =
  'M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-4.6 4.1A.8.8 0 0 1 5 19.500V16A2 2 0 0 1 4 14z'
const chevron = 'm6 9.500 6 6 6-6'

/** Makes the button. */
export function createLauncher({ onIntent, onClick }: LauncherOptions): Launcher {
  const element = document.createElement('button')
  element.type = 'button'
  element.className = 'launcher'
  element.setAttribute('aria-haspopup', 'dialog')
  const icon = document.createElementNS(namespace, 'svg')
  const path = document.createElementNS(namespace, 'path')
  icon.setAttribute('viewBox', '0 0 24 24')
  icon.setAttribute('aria-hidden', 'true')
  icon.append(path)
  element.append(icon)
  for (const type of ['pointerenter', 'focus', 'touchstart']) {
    element.addEventListener(type, onIntent, { once: true, passive: true })
  }
  element.addEventListener('click', onClick)

  const show: Launcher['show'] = ({ isOpen, isLoading, hasFailed }) => {
    const label = hasFailed ? texts.retry : isOpen ? texts.close : texts.open
    element.setAttribute('aria-label', label)
    element.setAttribute('aria-expanded', String(isOpen))
    element.setAttribute('aria-busy', String(isLoading))
    element.title = hasFailed ? label : ''
    element.classList.toggle('failed', hasFailed)
    path.setAttribute('d', isOpen ? chevron : bubble)
    icon.classList.toggle('line', isOpen)
  }
  show({ isOpen: false, isLoading: false, hasFailed: false })
  return { element, show }
}
