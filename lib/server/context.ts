// What a server definition is told of a request besides its message: who asks, and what the transport offers.
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { AuthInfo } from '../auth/auth-info.ts'
import type { ServerRequest } from '../protocol/question.ts'
import type { LogLevel } from '../protocol/log-level.ts'
import type { ClientIdentity } from '../protocol/client-identity.ts'
import type { Era } from '../protocol/revisions.ts'

/** The URIs of the resources that a legacy session watches. What becomes of a change may have to be waited for. */
export interface WatchedResources {
  readonly size: number
  has (uri: string): boolean
  add (uri: string): unknown
  delete (uri: string): unknown
}

/** Who asks, and by which revision. A legacy session is one. */
export interface Caller {
  readonly era: Era
  readonly protocolVersion: string
  readonly client: ClientIdentity
  readonly sessionId?: string
  /** Who the caller has proved to be; absent where nobody has to. */
  readonly principal?: string | undefined
  /** The resources that a legacy session watches; absent where there is no session. */
  readonly subscriptions?: WatchedResources
  /** The least severe log notification that the client wants; absent when it wants none. */
  readonly logLevel?: LogLevel | undefined
  /** Remembers the level that a legacy client asks for; absent where there is no session to keep it. */
  setLogLevel? (level: LogLevel): void | Promise<void>
  /** Sends a notification by the stream that a legacy client has opened by GET; dropped where there is none. Absent without a session. */
  notify? (method: string, params: object): void
  /**
   * Asks by the stream that a legacy client has opened by GET, as soon as there is one. Absent without a session.
   * @param timeout Milliseconds; 0 for ever.
   * @param signal Aborted when nobody waits for the answer any more.
   * @throws RpcError as {@link Channel.ask}.
   */
  ask? (request: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown>
  /** Ends the connection of that stream, but not the stream: the client comes back for the rest. Absent without a session. */
  closeListening? (): void
}

/** What a transport offers to one request. */
export interface Channel {
  readonly request?: FastifyRequest
  /** What is known of whoever sent this request; absent where nobody has to say. */
  readonly auth?: AuthInfo | undefined
  /** Whether the host app itself calls, from which nothing is hidden and to which nothing is refused. */
  readonly isTrusted?: boolean
  readonly log: FastifyBaseLogger
  /** What the server's lifespan returned for this mount. */
  readonly lifespan: unknown
  /** Whether the mount has streams by which clients are told of changes; absent where it has none. */
  readonly canListen?: boolean
  /** Sends a notification ahead of the result; dropped where the client cannot take one. */
  notify (method: string, params: object): void
  /** Calls the listener once if the client goes away, or cancels the request, before the result is sent. */
  onDisconnect (listener: (reason: Error) => void): void
  /** Waits until the client has read enough of what was sent; absent where nothing is ever held back. */
  drained? (): Promise<void>
  /**
   * Asks the client in the middle of a request, as legacy revisions do; absent where there is no way to it.
   * @param timeout Milliseconds; 0 for ever.
   * @param signal Aborted when nobody waits for the answer any more.
   * @throws RpcError when the client answers with an error, not in time, or not at all.
   */
  ask? (request: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown>
  /** Calls the listener when the stream that the request has opened ends; absent for a request that opens none. */
  onEnd? (listener: () => void): void
  /** Ends the connection but not the request: the client comes back for the rest; absent where it cannot. */
  closeStream? (): void
}
