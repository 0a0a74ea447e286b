// Starts a balancer that knows nothing of sessions: each request goes to the next node.
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/** A balancer, and where it listens. */
export interface RoundRobin {
  readonly url: string
  /** The nodes that requests go to from now on, by their origins. */
  use (targets: readonly string[]): void
  close (): Promise<void>
}

/**
 * Starts a balancer. Bodies are streamed both ways, and a connection that breaks on one side is broken on the other.
 * A node that accepts no connection is passed over.
 * @param targets The origins of the nodes.
 */
export async function startRoundRobin (targets: readonly string[], port = 0): Promise<RoundRobin> {
  let nodes = targets
  let count = 0
  const server = createServer((incoming, outgoing) => { pass(incoming, outgoing, nodes.length) })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  function pass (incoming: IncomingMessage, outgoing: ServerResponse, attempts: number): void {
    const target = nodes[count++ % nodes.length]
    if (target === undefined || attempts === 0) {
      outgoing.writeHead(502).end()
      return
    }
    // Each request has a connection of its own, which closes when the client or the node has left.
    const { method, headers } = incoming
    const forwarded = request(new URL(incoming.url ?? '/', target), { method, headers, agent: false })
    outgoing.once('close', () => forwarded.destroy())
    forwarded.once('socket', (socket) => socket.once('connect', () => incoming.pipe(forwarded)))
    forwarded.once('response', (response) => relay(response, outgoing))
    forwarded.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' && !outgoing.destroyed) pass(incoming, outgoing, attempts - 1)
      else outgoing.destroy()
    })
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    use (targets) { nodes = targets },
    async close () {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}

function relay (response: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(response.statusCode ?? 502, response.headers)
  outgoing.flushHeaders()
  response.pipe(outgoing)
  // A body that was cut off must not look complete.
  response.once('close', () => { if (!response.complete) outgoing.destroy() })
}
