/** WebKitGTK's MiniBrowser by its WebDriver, on a screen nobody looks at. */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { findTool } from '../../../scripts/tools.mjs'
import { freePort } from '../port.ts'
import { openDisplay } from './display.ts'
import { startProxy } from './proxy.ts'
import type { Browser, Tab } from './tab.ts'
import { startSession } from './webdriver.ts'
import { createTab, takeTurns } from './webkit-tab.ts'

/** A browser of its own for one profile: the driver knows no others. */
interface Profile {
  version: string
  tab: Tab
  close(): Promise<void>
}

/** Starts WebKitGTK. Every name leads to this machine. @throws Error when it is not installed */
export async function openWebKit(): Promise<Browser> {
  const program = findTool('webkit')
  if (program === undefined) throw new Error('There is no WebKitGTK driver. `npm test` installs it or says how.')
  const display = await openDisplay()
  const open = new Set<Profile>()
  const start = async (): Promise<Profile> => {
    const profile = await openProfile(program, display.name, () => open.delete(profile))
    open.add(profile)
    return profile
  }
  // The first profile is there as soon as the browser is.
  let ready: Profile | null = await start()
  return {
    version: ready.version,
    async newProfile() {
      const profile = ready ?? (await start())
      ready = null
      return profile.tab
    },
    async close() {
      for (const profile of open) await profile.close()
      await display.stop()
    },
  }
}

async function openProfile(program: string, display: string, onClose: () => void): Promise<Profile> {
  const port = await freePort()
  const proxy = await startProxy()
  const driver = spawn(program, [`--port=${port}`], {
    env: { ...process.env, DISPLAY: display, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1' },
    stdio: 'ignore',
  })
  const exited = new Promise<void>((resolve) => driver.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${port}`
  await answering(url)
  const session = await startSession(url, {
    acceptInsecureCerts: true,
    // The driver's own `proxy` capability has names looked up here, and asks for TLS on the way to a proxy for https.
    'webkitgtk:browserOptions': { args: ['--automation', `--proxy=socks5://${proxy.address}`] },
  })
  const closeAll = async (): Promise<void> => {
    onClose()
    // A driver that ends leaves a browser whose session has not ended.
    await session.send('DELETE', '').catch(() => {})
    driver.kill('SIGTERM')
    await Promise.all([exited, proxy.close()])
  }
  const handle = await session.send<string>('GET', '/window')
  const tab = createTab({ session, proxy, inTurn: takeTurns(), closeAll }, handle, true)
  return { version: session.capabilities.browserVersion, tab, close: closeAll }
}

async function answering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await fetch(`${url}/status`).catch(() => null)
    if (answer?.ok) return
    await sleep(25)
  }
  throw new Error('The WebKitGTK driver did not answer within 5 seconds.')
}
