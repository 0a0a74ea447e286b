// A reverse proxy that serves an app below a prefix, of which the app knows nothing.
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A reverse proxy. */
export interface PrefixProxy {
  readonly url: string
  /** Breaks all connections. */
  cut (): void
}

/** Starts a proxy that serves an origin below a prefix. */
export async function startPrefixProxy (t: Test, origin: string, prefix: string): Promise<PrefixProxy> {
  const proxy = createServer((near, answer) => {
    if (near.url?.startsWith(`${prefix}/`) === true) pass(near, answer, new URL(near.url.slice(prefix.length), origin))
    else answer.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const cut = (): void => { proxy.closeAllConnections() }
  t.teardown(() => { cut(); proxy.close() })
  return { cut, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${prefix}` }
}

function pass (near: IncomingMessage, answer: ServerResponse, target: URL): void {
  const { method, headers } = near
  const far = request(target, { method: String(method), headers }, (reply) => {
    answer.writeHead(Number(reply.statusCode), reply.headers)
    answer.flushHeaders()
    reply.on('error', () => answer.destroy()).pipe(answer)
  })
  far.on('error', () => answer.destroy())
  answer.on('close', () => far.destroy())
  near.pipe(far)
}
