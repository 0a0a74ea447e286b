// The connections of an app that closes: no new ones come, each ends after a reply, and unused ones are ended.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Server as TlsServer } from 'node:tls'

// Milliseconds between looks for unused connections while the server closes.
const INTERVAL = 100

// Milliseconds that a turn of the event loop may take to count as quiet, and in which there should be such a turn.
const QUIET = 0.2
const ACCEPT_TIMEOUT = 1000

// Node.js publishes each connection to a server of this process on this channel.
const CONNECTED = 'net.server.socket'

/**
 * The connections of one app, which end one by one while it closes. Node.js ends the connections that are idle when a
 * server begins to close. But it waits for connections that become idle later, for 72 seconds by default, and for those
 * on which no request has ever arrived: a client whose stream was ended opens such a connection to have it ready.
 */
export class ServerConnections {
  readonly #server: Server
  readonly #servers = new Set<Server>()
  readonly #open = new Set<Socket>()
  #allClosed: (() => void) | undefined
  // The servers that no longer listen, but have not closed.
  readonly #refusing = new Set<Server>()
  // One listener for all sockets.
  readonly #forget: (this: Socket) => void

  constructor (server: Server) {
    const forget = (socket: Socket): void => {
      this.#open.delete(socket)
      if (this.#open.size === 0) this.#allClosed?.()
    }
    this.#forget = function () { forget(this) }
    this.#server = server
    this.#watch(server)
    const onConnected = (message: unknown): void => { this.#discover((message as { readonly socket: Socket }).socket) }
    server.on('listening', () => { subscribe(CONNECTED, onConnected) })
    server.on('close', () => { unsubscribe(CONNECTED, onConnected) })
  }

  /** Ends each connection after its next reply, so that its client opens the next one to another node. */
  endAfterReplies (): void {
    this.onRequest(endAfterReply)
  }

  /**
   * Stops listening, so that a proxy tries another node at once. The open connections stay open, unlike with
   * `server.close()`: a request may be on its way on each of them.
   */
  async refuseNew (): Promise<void> {
    await Promise.all([...this.#servers].map(async (server) => {
      if (!server.listening || !(server instanceof NetServer)) return
      await stopListening(server)
      this.#refusing.add(server)
    }))
  }

  /**
   * Resolves when all connections have been closed, or when no request has arrived on them for some milliseconds.
   * @param limit The most milliseconds that this takes. Connections of HTTP/2 do not end after a reply.
   */
  async waitUntilQuiet (time: number, limit: number): Promise<void> {
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      const timers = [setTimeout(stop, time), setTimeout(stop, limit)]
      this.#allClosed = stop
      this.onRequest(() => timers[0]?.refresh())

      function stop (): void {
        for (const timer of timers.splice(0)) clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Calls a function with each request before the app gets it. */
  onRequest (listener: RequestListener): void {
    for (const server of this.#servers) server.prependListener('request', listener)
  }

  /** Ends unused connections, now and until the servers have closed. Fastify ends HTTP/2 sessions. */
  endUnused (): void {
    const servers = [...this.#servers].filter((server) => {
      const isOpen = server.listening || this.#refusing.has(server)
      return isOpen && typeof server.closeIdleConnections === 'function'
    })
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

// Node.js then sends `Connection: close`. HTTP/2 has no such header, and ignores the property.
function endAfterReply (_request: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false
}

// A connection that has been made, but not accepted, is reset when the server stops listening, and its request is lost.
// Node.js accepts one in each turn of the event loop. So this waits for a short turn that has brought none.
async function stopListening (server: NetServer): Promise<void> {
  let accepted = 0
  const count = (): void => { accepted++ }
  server.on('connection', count)
  const end = performance.now() + ACCEPT_TIMEOUT
  for (let begin = performance.now(), isQuiet = false; !isQuiet && begin < end;) {
    const before = accepted
    await nextTurn()
    const now = performance.now()
    isQuiet = accepted === before && now - begin < QUIET
    begin = now
  }
  server.off('connection', count)
  // Not `server.close()`, with which an HTTP server ends connections, too.
  NetServer.prototype.close.call(server)
}
