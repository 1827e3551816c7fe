/** `npm run chaos`: storms as long as you like, on your own storage if you like, and a verdict. */
import { parseArgs } from 'node:util'
import { runChaos } from './run.ts'
import { violations } from './verdict.ts'

const usage = `npm run chaos -- [--storage fs|redis|<address>] [--replicas 1] [--visitors 8] [--seconds 60]
                 [--kill-every 5] [--fault-rate 0.3] [--seed <number>]

Visitors write through a bad network while servers are killed. In the end everything that was sent has to be stored
once, in order, answered, and shown. The seed that is printed plays the same faults again.`

/** Runs with the arguments of the command line. Resolves to the exit code. */
export async function main(args: string[], print: (line: string) => void): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      storage: { type: 'string', default: 'fs' },
      replicas: { type: 'string', default: '1' },
      visitors: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '60' },
      'kill-every': { type: 'string', default: '5' },
      'fault-rate': { type: 'string', default: '0.3' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    print(usage)
    return 0
  }
  print(`seed ${values.seed}`)
  const { verdict, kills, faults, unsettled } = await runChaos({
    storage: values.storage,
    replicas: Number(values.replicas),
    visitors: Number(values.visitors),
    seconds: Number(values.seconds),
    killEvery: Number(values['kill-every']),
    faultRate: Number(values['fault-rate']),
    seed: Number(values.seed),
    say: print,
  })
  const rows: Record<string, number> = { ...verdict, 'visitors still waiting': unsettled, kills }
  for (const [name, count] of Object.entries(faults)) rows[`connections: ${name}`] = count
  for (const [name, count] of Object.entries(rows)) print(`${name.padEnd(26)}${String(count).padStart(8)}`)
  const count = violations(verdict) + unsettled
  print(count === 0 ? 'verdict: nothing lost, nothing doubled' : `verdict: ${count} violations (seed ${values.seed})`)
  return count === 0 ? 0 : 1
}
