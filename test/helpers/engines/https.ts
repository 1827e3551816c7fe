/** https for a server that speaks http: a certificate nobody vouches for, and a socket in front that takes it off. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { promisify } from 'node:util'
import { findTool } from '../../../scripts/tools.mjs'

/** A certificate and its key, in PEM. */
export interface Certificate {
  cert: string
  key: string
}

/** A running socket that speaks TLS. */
export interface Https {
  port: number
  close(): Promise<void>
}

/** Makes a self-signed certificate for some hosts. @throws Error where there is no OpenSSL */
export async function makeCertificate(hosts: string[]): Promise<Certificate> {
  const program = findTool('openssl')
  if (program === undefined) throw new Error('There is no OpenSSL. `npm test` installs it or says how.')
  const folder = await mkdtemp(join(tmpdir(), 'lumika-certificate-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const names = hosts.map((host) => `DNS:${host}`).join(',')
  try {
    await promisify(execFile)(program, [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=Lumika tests', '-addext', `subjectAltName=${names}`, '-keyout', key, '-out', cert],
    ])
    return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Puts https in front of a port of this machine. */
export async function startHttps(certificate: Certificate, upstreamPort: number): Promise<Https> {
  const open = new Set<{ destroy(): void }>()
  const server = createServer(certificate, (socket) => {
    const onward = connect(upstreamPort, '127.0.0.1')
    socket.pipe(onward).pipe(socket)
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.once('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}
