#!/usr/bin/env node
/** The command line. Only this file and its folder know Node's process. */
import { fileURLToPath } from 'node:url'
import { version } from '../package.json'
import { StartError, UsageError } from './cli/errors.ts'
import { helpText, readCommandLine } from './cli/flags.ts'
import { createLineLogger } from './cli/logger.ts'
import { serve } from './cli/serve.ts'

const out = (text: string): void => void process.stdout.write(text)
const err = (text: string): void => void process.stderr.write(text)

try {
  await main()
} catch (error) {
  if (error instanceof UsageError) err(`lumika: ${error.message}\nRun \`lumika --help\` to see what there is.\n`)
  else if (error instanceof StartError) err(`lumika: ${error.message}\n`)
  else err(`lumika: ${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}

async function main(): Promise<void> {
  const commandLine = readCommandLine(process.argv.slice(2), process.env)
  if (commandLine.help || commandLine.command === 'help') return out(helpText())
  if (commandLine.version) return out(`${version}\n`)
  if (commandLine.command !== 'serve') {
    throw new UsageError(
      commandLine.command === undefined ? 'Name a command: lumika serve' : 'There is one command: lumika serve',
    )
  }

  const options = commandLine.serveOptions()
  const logger = createLineLogger({ json: options.json, out, err })
  const assetFolder = fileURLToPath(new URL('.', import.meta.url))
  const starting = serve(options, { env: process.env, logger, assetFolder, print: out })

  // Before the start is over: whoever reads that the server listens may stop it at once.
  let isStopping = false
  const stop = (): void => {
    // A second signal means now.
    if (isStopping) process.exit(1)
    isStopping = true
    logger.info('lumika is stopping')
    starting
      .then((server) => server.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error('lumika did not stop cleanly', { error })
          process.exit(1)
        },
      )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  await starting
}
