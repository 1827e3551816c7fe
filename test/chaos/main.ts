/** `npm run chaos`: storms as long as you like, on your own storage if you like, and a verdict. */
import { parseArgs } from 'node:util'
import { runChaos } from './run.ts'
import type { ChaosResult } from './run.ts'
import { violationsOf } from './verdict.ts'

const usage = `npm run chaos -- [options]

Visitors write through a bad network while servers and storage fail. In the end everything that was sent has to be
stored once, in order, answered, and shown. Times are in seconds; every trouble comes about that often, 0 is never.

  --storage fs|redis|<address>  made for the run and removed, or one of your own, which is not killed  (fs)
  --replicas <n>                servers on that storage, behind nginx when there are several  (1)
  --visitors <n>                (8)
  --seconds <n>                 how long they write  (60)
  --messages <n>                how many messages they send in all, instead of --seconds
  --fault-rate <0 to 1>         share of connections that are cut, stalled, doubled …  (0.3)
  --kill-every <s>              SIGKILL of a server  (5)
  --pause-every <s>             SIGSTOP of a server, for longer than its lease  (0)
  --redis-kill-every <s>        SIGKILL of Redis; needs --storage redis  (0)
  --redis-pause-every <s>       SIGSTOP of Redis for 1 to 8 s; needs --storage redis  (0)
  --clock-every <s>             the clock of a server steps, by minutes, an hour or a day  (0)
  --seed <n>                    plays the same faults again  (by chance)`

/** Runs with the arguments of the command line. Resolves to the exit code. */
export async function main(args: string[], print: (line: string) => void): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      storage: { type: 'string', default: 'fs' },
      replicas: { type: 'string', default: '1' },
      visitors: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '60' },
      messages: { type: 'string' },
      'fault-rate': { type: 'string', default: '0.3' },
      'kill-every': { type: 'string', default: '5' },
      'pause-every': { type: 'string', default: '0' },
      'redis-kill-every': { type: 'string', default: '0' },
      'redis-pause-every': { type: 'string', default: '0' },
      'clock-every': { type: 'string', default: '0' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    print(usage)
    return 0
  }
  const seed = number('seed', values.seed)
  print(`seed ${seed}`)
  const start = performance.now()
  const result = await runChaos({
    storage: values.storage,
    replicas: number('replicas', values.replicas, 1),
    visitors: number('visitors', values.visitors, 1),
    seconds: number('seconds', values.seconds),
    messages: values.messages === undefined ? null : number('messages', values.messages),
    faultRate: number('fault-rate', values['fault-rate']),
    killEvery: number('kill-every', values['kill-every']),
    pauseEvery: number('pause-every', values['pause-every']),
    redisKillEvery: number('redis-kill-every', values['redis-kill-every']),
    redisPauseEvery: number('redis-pause-every', values['redis-pause-every']),
    clockEvery: number('clock-every', values['clock-every']),
    seed,
    say: (line) => print(`${((performance.now() - start) / 1_000).toFixed(1).padStart(7)} s  ${line}`),
  })
  for (const line of tableOf(result)) print(line)
  const count = violationsOf(result.verdict) + result.unsettled
  print(count === 0 ? 'verdict: nothing lost, nothing doubled' : `verdict: ${count} violations (seed ${seed})`)
  return count === 0 ? 0 : 1
}

/** Everything counted, and which of it has to be 0. */
function* tableOf({ verdict, troubles, faults, unsettled }: ChaosResult): Generator<string> {
  const row = (name: string, count: number, note = '') => `${name.padEnd(30)}${String(count).padStart(8)}${note}`
  for (const [name, count] of Object.entries(verdict.facts)) yield row(name, count)
  for (const [name, count] of Object.entries({ ...verdict.violations, 'visitors still waiting': unsettled })) {
    yield row(name, count, count === 0 ? '  as it has to be' : '  HAS TO BE 0')
  }
  for (const [name, count] of Object.entries(troubles)) yield row(name, count)
  for (const [name, count] of Object.entries(faults).toSorted()) yield row(`connections: ${name}`, count)
}

function number(name: string, text: string, least = 0): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= least)) throw new Error(`--${name} takes a number from ${least} on.`)
  return value
}
