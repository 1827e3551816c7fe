/** Pieces of files in Redis, as they are: `<prefix><name>`, a string each. */
import type { Cluster, Redis } from 'ioredis'
import type { Blobs } from './blobs.ts'
import { bounded, connectRedis } from './redis-client.ts'

/** Opens a connection of its own: a large piece must not hold up what people say. */
export async function openRedisBlobs(source: Redis | Cluster, prefix: string): Promise<Blobs> {
  const client = await connectRedis(source)
  return {
    async write(name, bytes) {
      await bounded(() => client.set(prefix + name, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
    },
    async read(name) {
      const found = await bounded(() => client.getBuffer(prefix + name))
      return found && new Uint8Array(found)
    },
    async remove(names) {
      // One by one: in a cluster each may lie in another slot.
      for (const name of names) await bounded(() => client.unlink(prefix + name))
    },
    close: async () => client.disconnect(),
  }
}
