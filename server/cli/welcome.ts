/** What the person who starts the server sees. */
import { scriptTag } from '../access/card.ts'
import type { PinnedFile } from '../assets.ts'
import type { Logger } from '../logger.ts'

/** Options of `announce`. */
export interface AnnounceOptions {
  /** Where the server listens. */
  url: string
  /** The address that pages load the widget from. */
  publicUrl: string
  /** The token of an integration for this machine's pages; null when there is none. */
  token: string | null
  /** Set when it was made just now. Security: this is the only time it is shown. */
  operatorKey: string | null
  /** This version of `widget.js`. */
  pinned: PinnedFile | undefined
  /** As log lines instead of words. */
  json: boolean
  logger: Logger
  print: (text: string) => void
}

/** Says where the server is and what to do next. */
export function announce(options: AnnounceOptions): void {
  const { url, publicUrl, token, operatorKey, pinned, json, logger, print } = options
  const tag = token === null ? null : scriptTag(publicUrl, token)
  const pinnedTag = token === null || !pinned ? null : scriptTag(publicUrl, token, pinned)
  const demo = `${url}/demo`
  const dashboard = `${url}/dashboard`
  if (json) {
    if (operatorKey !== null) logger.info('operator key made; it is shown only once', { operatorKey })
    if (tag !== null)
      logger.info('ready for pages on this computer', {
        scriptTag: tag,
        ...(pinnedTag && { pinnedScriptTag: pinnedTag }),
        demo,
      })
    logger.info(`lumika listening on ${url}`, { url, dashboard })
    return
  }
  print(`lumika listening on ${url}\n\n  Dashboard     ${dashboard}\n`)
  if (tag !== null) {
    print(`  Demo shop     ${demo}\n  Demo app      ${demo}/app\n`)
  }
  if (operatorKey !== null) print(`  Operator key  ${operatorKey} (shown only this once: keep it)\n`)
  if (tag !== null) {
    print(`\n  For your pages on this computer, just before </body>:\n\n${tag.replace(/^/gm, '    ')}\n`)
  }
  if (pinnedTag !== null) {
    print(`\n  The same, pinned to this version of the widget (to be changed with each upgrade):\n\n`)
    print(`${pinnedTag.replace(/^/gm, '    ')}\n`)
  }
  print('\n')
}
