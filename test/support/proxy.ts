// A proxy whose connections break when a test wants them to.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A proxy that can cut all connections. */
export interface CuttingProxy {
  /** Where it listens. */
  readonly url: string
  cut (): void
}

/** Starts a proxy of an endpoint. */
export async function createProxy (t: Test, target: string): Promise<CuttingProxy> {
  const sockets = new Set<Socket>()
  const proxy = createServer((near) => {
    const far = connect(Number(new URL(target).port), 'localhost')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => { sockets.delete(socket); near.destroy(); far.destroy() })
    }
    near.pipe(far).pipe(near)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const cut = (): void => { for (const socket of sockets) socket.destroy() }
  t.teardown(() => { cut(); proxy.close() })
  return { cut, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp` }
}
