// The interface between what offers tools and what serves it. Everything that can be mounted implements it.
import type { FastifyInstance } from 'fastify'
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import type { ChangeEvent } from '../protocol/change.ts'
import type { NotificationMessage } from '../protocol/message.ts'
import type { Incoming, Outcome } from './call/incoming.ts'
import type { Contents } from './contents.ts'

/** What a lifespan provides while a mount is up. */
export interface Entered<Value> {
  /** The value that handlers find at `ctx.lifespan`. */
  readonly value: Value
  /** Releases what the value holds. Runs when the app closes, last entered first. */
  readonly close?: () => void | Promise<void>
}

/** Returns how many bytes the body of a call of a tool may have; undefined for as many as the mount says. */
export type BodyLimitOf = (tool: string) => number | undefined

/**
 * What a mount serves: an `McpServer`, the definition that is made of an SDK server, or your own. It keeps nothing of
 * one caller that another caller could see, and serves any number of mounts, sessions and requests at once.
 *
 * `definitionContract` of `fastify-mcp-mount/contracts` checks this contract.
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
  /** The name and version of the server; absent if they are not known before there is a client. */
  readonly info?: Implementation
  /**
   * Whether every process can open the `requestState` that this definition seals; absent if it seals none. A mount with
   * `cluster` refuses a definition for which this is false.
   */
  readonly sharesState?: boolean
  /**
   * Serves one request. Once `channel.onDisconnect` has called back, the client no longer waits, so it should stop.
   * @returns The result, complete for the era of the caller: a modern result needs its `resultType`.
   * @throws RpcError and nothing else; -32601 for a method that the definition does not have in the era of the caller.
   */
  serve (incoming: Incoming): Promise<Outcome>
  /**
   * Enters the lifespan for one mount, before its first request. It is called once for each mount, and so is the
   * `close` that it resolves to.
   */
  enter? (app: FastifyInstance): Promise<Entered<unknown>>
  /** Adds a listener for changes that concern all clients. Called once for each mount. @returns What removes it. */
  onChange? (listener: (event: ChangeEvent) => void): () => void
  /**
   * @internal Returns the limits that tools set for the bodies of their calls; undefined if no tool sets one. Called
   * once for each mount, before its first request.
   */
  limitBodies? (): BodyLimitOf | undefined
  /** @internal Returns what the definition offers, so that nodes of a cluster can find out whether they differ. */
  contents? (): Contents | undefined
  /** @internal Takes a change that the app or another node has reported to the mount. */
  changed? (event: ChangeEvent): void
  /** @internal Calls the listener with each warning for the author, past and future. @returns What removes it. */
  onWarning? (listener: (warning: string) => void): () => void
  /** Takes a notification of a client, except a cancellation. It must not throw, and nothing waits for it. */
  notified? (incoming: Incoming<NotificationMessage>): void
  /** Disposes of what is kept for a session that has ended. @param session The `caller` of all its messages. */
  ended? (session: object): void | Promise<void>
}
