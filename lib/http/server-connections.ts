// The connections of an HTTP server that would keep it from closing, though nobody is served by them.
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

// How soon a connection ends whose last reply ended after the server had begun to close: milliseconds.
const INTERVAL = 100

/**
 * What is known of the connections of an app. Node ends those that are idle at the moment when a server begins to close. It waits
 * for what becomes idle later, which is kept alive for 72 seconds by default, and for those that nothing has ever come by: a
 * client whose stream was ended opens such a one to have it at hand.
 */
export class ServerConnections {
  readonly #server: Server
  readonly #open = new Set<Socket>()

  constructor (server: Server) {
    const open = this.#open
    function forget (this: Socket): void { open.delete(this) }
    this.#server = server
    // Of TLS these count what has been decrypted; the sockets below have seen a handshake at least.
    server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
      open.add(socket)
      socket.on('close', forget)
    })
  }

  /** Ends what is unused, now and until the server has closed. HTTP/2 sessions are ended by Fastify. */
  endUnused (): void {
    const server = this.#server
    if (!server.listening || typeof server.closeIdleConnections !== 'function') return
    const timer = setInterval(() => {
      server.closeIdleConnections()
      for (const socket of this.#open) {
        if (socket.bytesRead === 0) socket.destroy()
      }
    }, INTERVAL)
    server.once('close', () => clearInterval(timer))
  }
}
