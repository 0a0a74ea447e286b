// Opens many streams of change notifications of a mount, and of bare routes that send the same bytes in two ways.
import { Child, withChildren } from './child.ts'
import type { StreamsSetup } from './servers/streams.ts'

/** The server that sends streams of one kind, and the process that holds the other ends. */
export interface StreamSide { readonly kind: StreamsSetup['kind'], readonly server: Child, readonly clients: Child }

/** The contender of each kind. */
export const CONTENDERS = {
  mount: 'fastify-mcp-mount',
  stream: 'bare route, reply.send(stream)',
  raw: 'bare route, reply.raw.write()'
} as const

const KINDS = ['stream', 'raw', 'mount'] as const

/** Starts a server and a process of clients for each kind, lets work be done with them, and ends them. */
export async function withStreamSides<T> (
  maxStreams: number, work: (sides: readonly StreamSide[]) => Promise<T>
): Promise<T> {
  return await withChildren(KINDS, (kind) => Child.start('streams', { kind, maxStreams }), (servers) =>
    withChildren(servers, ([, { ready: { port } }]) => Child.start('listeners', { port }), (pairs) =>
      work(pairs.map(([[kind, server], clients]) => ({ kind, server, clients })))))
}
