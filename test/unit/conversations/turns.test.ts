import { expect, it } from 'vitest'
import { createStorage } from 'unstorage'
import { createTurns } from '../../../server/conversations/turns.ts'
import { createWakeups } from '../../../server/conversations/wakeups.ts'
import { silentLogger } from '../../../server/logger.ts'
import { openLog } from '../../../server/storage/open.ts'

it('a process that ends drops the pieces of old answers, and keeps those of the last minute', async () => {
  const log = await openLog(createStorage())
  let clock = 0
  const turns = createTurns({
    ...{ log, wakeups: createWakeups(log), logger: silentLogger, owner: 'me', monotonic: () => clock },
    responderFor: () => null,
  })
  const conversation = 'shop.YQ'
  for (const turnId of ['old', 'new']) {
    await log.append(conversation, `turn/${turnId}`, { type: 'delivered' })
    turns.dropLater({ conversation, turnId })
    clock += 40_000
  }
  await turns.close(0)
  await turns.dropOld()
  expect((await log.after(conversation, 'turn/old', null, 9)).entries).toHaveLength(0)
  expect((await log.after(conversation, 'turn/new', null, 9)).entries).toHaveLength(1)
})
