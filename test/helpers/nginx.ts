/** A real nginx in front of one server or several, with its defaults and compression on. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findTool } from '../../scripts/tools.mjs'
import { freePort } from './port.ts'

/** A running nginx. */
export interface Nginx {
  url: string
  stop(): Promise<void>
}

/**
 * Starts nginx on a free loopback port, passing everything on to `upstreams`, in turn where there are several. Fails
 * where nginx is not installed.
 */
export const startNginx = (...upstreams: string[]): Promise<Nginx> => startNginxWith('', ...upstreams)

/** The same with settings of one's own: `proxy_read_timeout 27s;`. */
export async function startNginxWith(settings: string, ...upstreams: string[]): Promise<Nginx> {
  const dir = await mkdtemp(join(tmpdir(), 'lumika-nginx-'))
  const port = await freePort()
  const isGroup = upstreams.length > 1
  const config = `
    pid ${dir}/nginx.pid;
    error_log ${dir}/error.log;
    daemon off;
    events {}
    http {
      access_log off;
      gzip on;
      client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
      uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
      server {
        listen 127.0.0.1:${port};
        ${settings}
        location / { proxy_pass ${isGroup ? `http://replicas; ${retries}` : `${upstreams[0]};`} }
      }
      ${isGroup ? groupOf(upstreams) : ''}
    }`
  await writeFile(join(dir, 'nginx.conf'), config)
  const child = spawn(findTool('nginx') ?? 'nginx', ['-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], {
    stdio: 'ignore',
  })
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code) => resolve(`nginx ended with ${code}.`))
    child.once('error', (error) =>
      resolve(`nginx could not be started: ${error.message}. Install it (apt-get install nginx).`),
    )
  })
  const url = `http://127.0.0.1:${port}`
  const failed = exited.then((reason) => Promise.reject(new Error(reason)))
  failed.catch(() => {})
  await Promise.race([answers(url), failed])
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      await exited
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** What nginx may give to the next server: a POST it has sent on to nobody yet, and any GET. Those are its own rules. */
const retries = 'proxy_connect_timeout 2s; proxy_next_upstream error timeout; proxy_next_upstream_tries 2;'

/** A server that failed is left out for 2 s. */
function groupOf(upstreams: string[]): string {
  const servers = upstreams.map((url) => `server ${new URL(url).host} max_fails=1 fail_timeout=2s;`)
  return `upstream replicas { ${servers.join(' ')} }`
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('nginx did not answer within 5 seconds.')
}
