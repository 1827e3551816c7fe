/** What a person likes, kept in this browser. */

/** Bright or dark; `auto`: as the system is. */
export type Theme = 'auto' | 'light' | 'dark'

/** A person's likings. */
export class Preferences {
  #theme: Theme = $state(themes.find((theme) => theme === read('theme')) ?? 'auto')
  #isSoundOn = $state(read('sound') === 'on')

  constructor() {
    this.#show()
  }

  get theme(): Theme {
    return this.#theme
  }

  set theme(theme: Theme) {
    this.#theme = theme
    write('theme', theme)
    this.#show()
  }

  /** Whether a new message of a customer is heard. */
  get isSoundOn(): boolean {
    return this.#isSoundOn
  }

  set isSoundOn(isOn: boolean) {
    this.#isSoundOn = isOn
    write('sound', isOn ? 'on' : 'off')
  }

  #show(): void {
    const { dataset } = document.documentElement
    if (this.#theme === 'auto') delete dataset['theme']
    else dataset['theme'] = this.#theme
  }
}

/** The themes there are. */
export const themes: Theme[] = ['auto', 'light', 'dark']

// Browsers that keep nothing throw.
function read(name: string): string | null {
  try {
    return localStorage.getItem(`lumika:${name}`)
  } catch {
    return null
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(`lumika:${name}`, value)
  } catch {
    // Then it holds until the page is left.
  }
}
