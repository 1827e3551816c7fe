/** The inbox journal as a file of lines, `<base>/inbox.jsonl`. */
import { join } from 'node:path'
import type { Files, LineFile } from './files.ts'
import type { InboxRecord, InboxStore } from './inbox.ts'

export function createInboxFile(base: string, files: Files): InboxStore {
  const path = join(base, 'inbox.jsonl')
  let file: LineFile | undefined

  return {
    async load() {
      await files.remove([`${path}.new`], false)
      file = await files.openLines(path)
      if (!file.exists) return []
      const records: InboxRecord[] = []
      let offset = 0
      for (const line of (await files.readBytes(path, 0, file.size)).toString('utf8').split('\n').slice(0, -1)) {
        const record = parse(line)
        if (record) records.push(record)
        else await files.quarantine(path, offset, Buffer.from(line))
        offset += Buffer.byteLength(line) + 1
      }
      return records
    },

    async append(records) {
      // After a failure the end of the file is unknown.
      file ??= await files.openLines(path)
      try {
        await files.append(file, toText(records), true)
      } catch (error) {
        file = undefined
        throw error
      }
    },

    async replace(records) {
      file = undefined
      await files.replace(path, toText(records))
    },
  }
}

const toText = (records: InboxRecord[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join('')

function parse(line: string): InboxRecord | null {
  try {
    const record = JSON.parse(line) as InboxRecord
    const isWhole = typeof record.conversation === 'string' && Number.isFinite(record.at) && Array.isArray(record.open)
    return isWhole ? record : null
  } catch {
    return null
  }
}
