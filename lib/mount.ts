// One mount as the app sees it, in `app.mcp`.
import type { FastifyInstance } from 'fastify'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { callAsHost } from './host-call.ts'
import type { MountParts } from './http/parts.ts'
import { findServerUrl } from './http/server-url.ts'
import type { Notifier } from './notify/publisher.ts'
import { encodeUri } from './protocol/uri.ts'
import type { Mountable } from './sdk/recognise.ts'
import type { MountSessions } from './session/sessions.ts'

/** The figures of a mount at one moment. */
export interface MountStats {
  /** Sessions open. */
  readonly sessions: number
  /** Requests being served, and replies that their clients have resumed. */
  readonly exchanges: number
  /** Streams that clients listen to. */
  readonly streams: number
}

/** A server definition served at one endpoint. */
export class Mount {
  /** The mount's name in `app.mcp`. */
  readonly name: string
  /** The endpoint's path with all prefixes. */
  readonly path: string
  /** What was mounted, as it was given. */
  readonly server: Mountable
  /** The legacy sessions: how many there are, and an event when one opens or ends. */
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
    this.sessions = parts.sessions
    this.notify = parts.changes.notify
    this.#parts = parts
    this.#app = app
  }

  /** The URL of the endpoint: below `publicUrl`, else at the address that the app listens on, else the path alone. */
  get url (): string {
    const { publicUrl } = this.#parts.options
    const base = publicUrl?.href.replace(/\/$/, '') ?? findServerUrl(this.#app) ?? ''
    return `${base}${encodeUri(this.path) ?? this.path}`
  }

  /** Figures for health checks and metrics. */
  stats (): MountStats {
    const { sessions, exchanges, streams } = this.#parts
    return { sessions: sessions.size, exchanges: exchanges.size, streams: streams.size }
  }

  /**
   * Calls a tool from the app's own code. Neither `scopes` nor `visible` restrict the call.
   * @throws RpcError if there is no such tool, or the tool threw one.
   */
  async call (tool: string, args: { readonly [name: string]: unknown } = {}): Promise<CallToolResult> {
    // A definition answers `tools/call` with nothing else.
    return await callAsHost(this.#parts, 'tools/call', { name: tool, arguments: args }) as CallToolResult
  }
}
