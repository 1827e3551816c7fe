/** A SOCKS 5 proxy (RFC 1928) that leads every name to this machine, and can take the network away. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A running proxy. */
export interface Proxy {
  /** `127.0.0.1:port`. */
  address: string
  /** While there is no network, every connection ends, and none is made. */
  setOffline(isOffline: boolean): void
  close(): Promise<void>
}

/** Starts one. */
export async function startProxy(): Promise<Proxy> {
  let isOffline = false
  const open = new Set<Socket>()
  const end = (): void => {
    for (const socket of open) socket.destroy()
  }
  const server = createServer((socket) => {
    if (isOffline) return void socket.destroy()
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    greet(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    setOffline(value) {
      isOffline = value
      if (isOffline) end()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        end()
      }),
  }
}

/** Takes `05 n methods`, asks for none, takes `05 01 00 type address port`, and connects. A client sends each in one piece. */
function greet(socket: Socket): void {
  socket.once('data', () => {
    socket.write(Buffer.from([5, 0]))
    socket.once('data', (request) => {
      const onward = connect(request.readUInt16BE(request.length - 2), '127.0.0.1')
      onward.once('connect', () => {
        socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
        socket.pipe(onward).pipe(socket)
      })
      onward.on('error', () => socket.destroy())
      // A connection that is cut on one side is cut on the other, so that nobody takes it for an end.
      onward.once('close', () => socket.destroy())
      socket.once('close', () => onward.destroy())
    })
  })
}
