// The public face of one mount, in `app.mcp`.
import type { FastifyInstance } from 'fastify'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { callAsHost } from './host-call.ts'
import { countLoad, type MountStats } from './http/mount-stats.ts'
import type { MountParts } from './http/parts.ts'
import { findServerUrl } from './http/server-url.ts'
import type { Notifier } from './notify/publisher.ts'
import { encodeUri } from './protocol/uri.ts'
import type { Mountable } from './sdk/recognise.ts'
import type { ServerDefinition } from './server/definition.ts'
import type { MountSessions } from './session/sessions.ts'

/** A server that is served at one endpoint of the app. `app.mcp` holds all mounts. */
export class Mount {
  /** The mount's name in `app.mcp`. */
  readonly name: string
  /** The endpoint's path with all prefixes, as written in the options. */
  readonly path: string
  /** The `server` option. */
  readonly server: Mountable
  /**
   * What the mount serves: its server, together with the routes that it exposes.
   * @example await serveStdio(app.mcp.get('Shop').definition, { app })
   */
  readonly definition: ServerDefinition
  /** The legacy sessions: how many are open, and an event when one opens or ends. */
  readonly sessions: MountSessions
  /** Notifies clients of changes. Tools, resources and prompts that are registered, updated or removed need no call. */
  readonly notify: Notifier
  readonly #parts: MountParts
  readonly #app: FastifyInstance

  /** @internal */
  constructor (app: FastifyInstance, path: string, parts: MountParts) {
    this.name = parts.name
    this.path = path
    this.server = parts.options.server
    this.definition = parts.definition
    this.sessions = parts.sessions
    this.notify = parts.changes.notify
    this.#parts = parts
    this.#app = app
  }

  /**
   * The URL of the endpoint: below `publicUrl`, or else at the address that the app listens on. Before the app listens,
   * it is only the path.
   */
  get url (): string {
    const { publicUrl } = this.#parts.options
    const base = publicUrl?.href.replace(/\/$/, '') ?? findServerUrl(this.#app) ?? ''
    return `${base}${encodeUri(this.path) ?? this.path}`
  }

  /**
   * Returns the current load of the mount, for health checks and metrics.
   * @example app.get('/metrics', async () => app.mcp.get('Notes').stats())
   */
  stats (): MountStats {
    return countLoad(this.#parts)
  }

  /**
   * Calls a tool from the app's own code. The call is not restricted by `scopes` or `visible`. As for any client, a
   * tool that fails returns a result with `isError`.
   * @throws RpcError if the tool does not exist, or threw an RpcError.
   * @example
   * const { content } = await app.mcp.get('Notes').call('add_note', { text: 'Buy milk' })
   */
  async call (tool: string, args: { readonly [name: string]: unknown } = {}): Promise<CallToolResult> {
    // The cast holds, because definitions answer `tools/call` with a CallToolResult.
    return await callAsHost(this.#parts, 'tools/call', { name: tool, arguments: args }) as CallToolResult
  }
}
