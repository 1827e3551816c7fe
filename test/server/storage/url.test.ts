import { describe, expect, it } from 'vitest'
import { openStorage } from '../../../server/storage/url.ts'

describe('openStorage', () => {
  it.each([
    ['memory', 'memory', {}],
    ['fs:./some/folder', 'fs-lite', {}],
    ['fs:/some/folder', 'fs-lite', { base: '/some/folder' }],
    [
      'redis://127.0.0.1:6390/2',
      'redis',
      { url: 'redis://127.0.0.1:6390/2', enableOfflineQueue: false, lazyConnect: true },
    ],
    ['rediss://u:p@example.org', 'redis', { url: 'rediss://u:p@example.org', base: 'lumika' }],
    [
      'redis-cluster://u:p%40ss@a:7000,b:7001,[::1]',
      'redis',
      {
        cluster: [
          { host: 'a', port: 7000 },
          { host: 'b', port: 7001 },
          { host: '::1', port: 6379 },
        ],
        clusterOptions: expect.objectContaining({
          enableOfflineQueue: false,
          redisOptions: expect.objectContaining({ username: 'u', password: 'p@ss', commandTimeout: 1_500 }) as object,
        }) as object,
      },
    ],
  ])('%s', async (url, name, options) => {
    const { driver } = (await openStorage(url)).getMount('')
    expect(driver.name).toBe(name)
    expect(driver.options ?? {}).toMatchObject(options)
  })

  it.each([
    '',
    'fs',
    'fs:',
    'files:./x',
    'redis',
    'redis:',
    'redis://',
    'redis-cluster://',
    'redis-cluster://a:b:c',
    'http://secret@x',
    'Memory',
  ])('refuses "%s" and names what works, but no password', async (url) => {
    const error = await openStorage(url).catch((e: unknown) => e as Error)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/redis/)
    expect((error as Error).message).not.toMatch(/secret/)
  })
})
