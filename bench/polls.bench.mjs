/** What an empty poll costs: the answer that a server gives most often by far. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from './redis.mjs'
import { alternate } from './table.mjs'

export const title = 'An empty poll over HTTP (server CPU; baseline: node:http that answers the same bytes)'

const connections = 64
const polls = 4_000
const conversations = 200

/** @returns {Promise<import('./table.mjs').Row[]>} */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'lumika-bench-'))
  const redis = await startRedis()
  const servers = {
    plain: await start('plain'),
    memory: await start('memory'),
    files: await start(`fs:${folder}`),
    ...(redis && { redis: await start(redis.url) }),
  }
  try {
    const measures = Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, () => cost(server)]))
    // Once around so that every server has been compiled by what runs it.
    await alternate(measures, 1)
    const { plain, ...ours } = await alternate(measures, 5)
    return Object.entries(ours).map(([name, value]) => ({ what: name, value, unit: 'µs', baseline: plain ?? NaN }))
  } finally {
    await Promise.all(Object.values(servers).map(({ child }) => child.kill() && once(child, 'exit')))
    redis?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @typedef {{ child: import('node:child_process').ChildProcess, urls: string[] }} Server */

/**
 * @param {string} storage
 * @returns {Promise<Server>}
 */
async function start(storage) {
  const child = fork(new URL('polled.mjs', import.meta.url), [storage, String(conversations)])
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`The server on ${storage} ended.`)))
  ended.catch(() => {})
  const [message] = await Promise.race([once(child, 'message'), ended])
  return { child, urls: message.urls }
}

/**
 * CPU time of the server for one poll, in µs.
 *
 * @param {Server} server
 */
async function cost({ child, urls }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const before = await cpuOf(child)
  let left = polls
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) await poll(urls[Math.floor(Math.random() * urls.length)] ?? '', agent)
    }),
  )
  const spent = (await cpuOf(child)) - before
  agent.destroy()
  return spent / polls
}

/** @param {import('node:child_process').ChildProcess} child */
async function cpuOf(child) {
  child.send('cpu')
  const [{ cpu }] = await once(child, 'message')
  return /** @type {number} */ (cpu)
}

/**
 * @param {string} url
 * @param {Agent} agent
 */
function poll(url, agent) {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${response.statusCode} for a poll`))
      response.resume().on('end', resolve)
    }).on('error', reject)
  })
}
