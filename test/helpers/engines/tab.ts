/** What each engine has to be able to do; all else is built on it, once, in `page.ts`. */

/** One tab of a browser. */
export interface Tab {
  /** Goes to an address and waits until the page is loaded. */
  navigate(url: string): Promise<void>
  reload(): Promise<void>
  /** Goes back (-1) or forward (1), and waits until that page is there. @default by `history.go` */
  go?(step: -1 | 1): Promise<void>
  /** Runs an expression in the page, waits for its promise, and returns the string it resolves to. */
  evaluate(expression: string): Promise<string>
  /** Clicks at a point of the viewport, in CSS pixels. */
  click(x: number, y: number): Promise<void>
  /** Types a text into whatever has the focus, key by key. */
  type(text: string): Promise<void>
  /** Presses keys together, and releases them: `['Shift', 'Tab']`. */
  press(keys: string[]): Promise<void>
  /** A PNG of what the viewport shows. */
  screenshot(): Promise<Buffer>
  resize(width: number, height: number): Promise<void>
  /** Takes the network from every tab of this profile, or gives it back. */
  setOffline(isOffline: boolean): Promise<void>
  /** Warnings and errors of the console, and exceptions nobody caught. */
  problems(): Promise<string[]>
  /** Opens one more tab in the same profile. */
  open(): Promise<Tab>
  /** Closes this tab. */
  close(): Promise<void>
}

/** A running browser. */
export interface Browser {
  version: string
  /** Opens a tab in a profile of its own. */
  newProfile(): Promise<Tab>
  close(): Promise<void>
}

/** What may be set when a browser starts. */
export interface LaunchOptions {
  /** Made-up names that lead to this machine, for sites that are not one another: `['shop.test', 'evil.test']`. @default [] */
  hosts?: string[]
}
