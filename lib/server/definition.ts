// The seam between what offers tools and what serves it: everything that can be mounted is one of these.
import type { FastifyInstance } from 'fastify'
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import type { ChangeEvent } from '../protocol/change.ts'
import type { NotificationMessage } from '../protocol/message.ts'
import type { Incoming, Outcome } from './call/incoming.ts'

/** What a lifespan gives for as long as a mount is up. */
export interface Entered<Value> {
  /** Found by handlers at `ctx.lifespan`. */
  readonly value: Value
  /** Gives back what the value holds; runs when the app closes, last entered first. */
  readonly close?: () => void | Promise<void>
}

/**
 * What a mount serves. An `McpServer` is one, and so is what stands for an SDK server. It keeps nothing of one caller
 * that another one could see, and serves any number of mounts, sessions and requests at once.
 *
 * `definitionContract` of `fastify-mcp-mount/contracts` checks what is said here.
 *
 * @example
 * const clock: ServerDefinition = {
 *   info: { name: 'Clock', version: '1.0.0' },
 *   async serve ({ message: { method }, caller: { era, protocolVersion } }) {
 *     const complete = era === 'modern' ? { resultType: 'complete' } : {}
 *     const capabilities = { tools: {} }
 *     switch (method) {
 *       case 'initialize': return { protocolVersion, capabilities, serverInfo: clock.info }
 *       case 'server/discover': return { ...complete, supportedVersions: [protocolVersion], capabilities }
 *       case 'tools/list': return { ...complete, tools: [{ name: 'now', inputSchema: { type: 'object' } }] }
 *       case 'tools/call': return { ...complete, content: [{ type: 'text', text: new Date().toISOString() }] }
 *       default: throw new RpcError(ErrorCode.MethodNotFound, `Method not found: ${method}`)
 *     }
 *   }
 * }
 */
export interface ServerDefinition {
  /** Who the server is; absent where that is not known before there is a client. */
  readonly info?: Implementation
  /**
   * Whether every process can open the `requestState` that this definition seals; absent where it seals none. A mount
   * with `cluster` refuses one that is false.
   */
  readonly sharesState?: boolean
  /**
   * Serves one request. Once `channel.onDisconnect` has called back nobody waits for the result, so it should stop.
   * @returns The result, complete for the era of the caller: a modern one needs its `resultType`.
   * @throws RpcError and nothing else; -32601 for a method that it does not have in the era of the caller.
   */
  serve (incoming: Incoming): Promise<Outcome>
  /**
   * Enters the lifespan for one mount, before its first request. Called once for each mount, and so is the `close` of
   * what it resolves to.
   */
  enter? (app: FastifyInstance): Promise<Entered<unknown>>
  /** Listens to what changes for all clients. Called once for each mount. @returns A function that ends it. */
  onChange? (listener: (event: ChangeEvent) => void): () => void
  /** @internal Calls the listener with each warning for the author, past and future. @returns What ends it. */
  onWarning? (listener: (warning: string) => void): () => void
  /** Takes a notification of a client, other than a cancellation. Nobody waits for it, and it does not throw. */
  notified? (incoming: Incoming<NotificationMessage>): void
  /** Disposes of what it keeps for a session, which has ended. @param session The caller that it was. */
  ended? (session: object): void | Promise<void>
}
