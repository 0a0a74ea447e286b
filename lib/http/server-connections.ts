// Unused connections of an HTTP server, which would keep it from closing.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

// Milliseconds between looks for unused connections while the server closes.
const INTERVAL = 100

// Node.js publishes each connection to a server of this process on this channel.
const CONNECTED = 'net.server.socket'

/**
 * Ends the unused connections of an app that closes. Node.js ends the connections that are idle when a server begins to
 * close. But it waits for connections that become idle later, for 72 seconds by default, and for those on which no
 * request has ever arrived: a client whose stream was ended opens such a connection to have it ready.
 */
export class ServerConnections {
  readonly #server: Server
  readonly #servers = new Set<Server>()
  readonly #open = new Set<Socket>()
  // One listener for all sockets.
  readonly #forget: (this: Socket) => void

  constructor (server: Server) {
    const open = this.#open
    this.#forget = function () { open.delete(this) }
    this.#server = server
    this.#watch(server)
    const onConnected = (message: unknown): void => { this.#discover((message as { readonly socket: Socket }).socket) }
    server.on('listening', () => { subscribe(CONNECTED, onConnected) })
    server.on('close', () => { unsubscribe(CONNECTED, onConnected) })
  }

  /** Ends unused connections, now and until the servers have closed. Fastify ends HTTP/2 sessions. */
  endUnused (): void {
    const servers = [...this.#servers]
      .filter((server) => server.listening && typeof server.closeIdleConnections === 'function')
    let count = servers.length
    if (count === 0) return
    const timer = setInterval(() => {
      for (const server of servers) server.closeIdleConnections()
      for (const socket of this.#open) {
        if (socket.bytesRead === 0) socket.destroy()
      }
    }, INTERVAL)
    for (const server of servers) server.once('close', () => { if (--count === 0) clearInterval(timer) })
  }

  #watch (server: Server): void {
    this.#servers.add(server)
    // A TLS socket counts decrypted bytes. The socket below it has read at least the handshake.
    server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => this.#add(socket))
  }

  #add (socket: Socket): void {
    this.#open.add(socket)
    socket.on('close', this.#forget)
  }

  // For a name with several addresses, such as localhost, Fastify creates a server for each, with the same handler, and
  // exposes only the first.
  #discover (socket: Socket & { readonly server?: Server }): void {
    const { server } = socket
    if (server === undefined || this.#servers.has(server) || !hasHandlerOf(this.#server, server)) return
    this.#watch(server)
    if (!(server instanceof TlsServer)) this.#add(socket)
  }
}

function hasHandlerOf (server: Server, other: Server): boolean {
  const handlers = server.listeners('request')
  return other.listeners('request').some((handler) => handlers.includes(handler))
}
