// What a transport gives to a server definition: a message, its caller, and the channel back to it.
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { AuthInfo } from '../../auth/auth-info.ts'
import type { RequestMessage } from '../../protocol/message.ts'
import type { ServerRequest } from '../../protocol/question.ts'
import type { LogLevel } from '../../protocol/log-level.ts'
import type { ClientIdentity } from '../../protocol/client-identity.ts'
import type { Era } from '../../protocol/revisions.ts'

/** The URIs of the resources that a legacy session watches. In a cluster the changes may have to be waited for. */
export interface WatchedResources {
  /** How many there are. */
  readonly size: number
  /** Returns whether a resource is watched. */
  has (uri: string): boolean
  /** Watches a resource. */
  add (uri: string): unknown
  /** Watches a resource no longer. */
  delete (uri: string): unknown
}

/** Who sends a message, and by which revision. A legacy session is one: the same object for all of its messages. */
export interface Caller {
  /** The era of the client. */
  readonly era: Era
  /** The revision of the protocol that it speaks. */
  readonly protocolVersion: string
  /** The client: its self-reported name and version, and what it can do. */
  readonly client: ClientIdentity
  /** The session; absent where there is none. */
  readonly sessionId?: string
  /** Who the caller has proved to be; absent where nobody has to. */
  readonly principal?: string | undefined
  /** The resources that a legacy session watches; absent where there is no session. */
  readonly subscriptions?: WatchedResources
  /** The least severe log notification that the client wants; absent when it wants none. */
  readonly logLevel?: LogLevel | undefined
  /** Remembers the level that a legacy client asks for; absent where there is no session to keep it. */
  setLogLevel? (level: LogLevel): void | Promise<void>
  /**
   * Sends a notification by the stream that a legacy client has opened by GET; dropped where there is none. Absent
   * without a session.
   */
  notify? (method: string, params: object): void
  /**
   * Asks by the stream that a legacy client has opened by GET, as soon as there is one. Absent without a session.
   * @param timeout Milliseconds; 0 for no limit.
   * @param signal Aborted when nobody waits for the answer.
   * @throws RpcError as {@link Channel.ask}.
   */
  ask? (request: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown>
  /** Ends the connection of that stream, but not the stream, which the client resumes. Absent without a session. */
  closeListening? (): void
}

/** The way from a running call back to its client. */
export interface Channel {
  /** The HTTP request with the host app's decorators; absent where the message did not come over HTTP. */
  readonly request?: FastifyRequest
  /** What the mount's `auth` says of the sender of this message; absent where nobody has to say who they are. */
  readonly auth?: AuthInfo | undefined
  /** Whether the host app itself calls, from which nothing is hidden and to which nothing is refused. */
  readonly isTrusted?: boolean
  /** Whether the JSON of a result is as good as the object; absent where the object is needed. */
  readonly takesJson?: boolean
  /** The app's log, bound to the HTTP request. */
  readonly log: FastifyBaseLogger
  /** What the definition's `enter` has resolved to for this mount. */
  readonly lifespan: unknown
  /** Whether the mount has streams by which it notifies clients of changes; absent where it has none. */
  readonly canListen?: boolean
  /** Sends a notification ahead of the result; dropped where the client cannot take one. */
  notify (method: string, params: object): void
  /** Adds a listener that is called once if the client goes away, or cancels the request, before the result is sent. */
  onDisconnect (listener: (reason: Error) => void): void
  /** Waits until the client has read enough of what was sent; absent where nothing is ever held back. */
  drained? (): Promise<void>
  /**
   * Asks the client in the middle of a request, as legacy revisions do; absent where there is no way to it.
   * @param timeout Milliseconds; 0 for no limit.
   * @param signal Aborted when nobody waits for the answer.
   * @throws RpcError when the client answers with an error, not in time, or not at all.
   */
  ask? (request: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown>
  /** Adds a listener for the end of the stream that the request has opened; absent for a request that opens none. */
  onEnd? (listener: () => void): void
  /** Ends the connection but not the request, whose result the client resumes for; absent where it cannot. */
  closeStream? (): void
}

/** A message together with its caller and its channel. */
export interface Incoming<Message = RequestMessage> {
  /** The request or notification. */
  readonly message: Message
  /** Who sends it. The same object for all messages of a session. */
  readonly caller: Caller
  /** The way back to the client while the message is served. */
  readonly channel: Channel
}

/** What a definition resolves a request to: the result, or its JSON as text where the channel takes that. */
export type Outcome = object | string
