// What a transport passes to a server definition: a message, its caller, and the channel back to the client.
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { AuthInfo } from '../../auth/auth-info.ts'
import type { RequestMessage } from '../../protocol/message.ts'
import type { ServerRequest } from '../../protocol/question.ts'
import type { LogLevel } from '../../protocol/log-level.ts'
import type { ClientIdentity } from '../../protocol/client-identity.ts'
import type { Era } from '../../protocol/revisions.ts'
import type { MountIdentity, RequestOutcome } from '../../telemetry/events.ts'

/** The URIs of the resources that a legacy session watches. In a cluster, `add` and `delete` return promises. */
export interface WatchedResources {
  /** The number of URIs. */
  readonly size: number
  /** Whether a resource is watched. */
  has (uri: string): boolean
  /** Watches a resource. */
  add (uri: string): unknown
  /** Stops watching a resource. */
  delete (uri: string): unknown
}

/**
 * The sender of a message, and its revision. All messages of a legacy session have the same object as their caller.
 */
export interface Caller {
  /** The era of the client. */
  readonly era: Era
  /** The revision of the protocol that the client speaks. */
  readonly protocolVersion: string
  /** The client: its self-reported name and version, and what it can do. */
  readonly client: ClientIdentity
  /** The id of the session; absent if there is none. */
  readonly sessionId?: string
  /** Who the caller has proved to be; absent if the mount has no `auth`. */
  readonly principal?: string | undefined
  /** The resources that a legacy session watches; absent without a session. */
  readonly subscriptions?: WatchedResources
  /** The least severe log notifications that the client wants; absent if it wants none. */
  readonly logLevel?: LogLevel | undefined
  /** Stores the log level that a legacy client asks for; absent without a session. */
  setLogLevel? (level: LogLevel): void | Promise<void>
  /**
   * Sends a notification on the GET stream of a legacy client, or drops it if there is none. Absent without a session.
   */
  notify? (method: string, params: object): void
  /**
   * Asks on the GET stream of a legacy client, as soon as there is one. Absent without a session.
   * @param timeout Milliseconds; 0 for no limit.
   * @param signal Aborted when the answer is no longer needed.
   * @throws RpcError as {@link Channel.ask}.
   */
  ask? (request: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown>
  /** Ends the connection of the GET stream, but not the stream: the client resumes it. Absent without a session. */
  closeListening? (): void
}

/** The way from a running call back to its client. */
export interface Channel {
  /** The mount that serves the message, for events; absent if none are published. */
  readonly identity?: MountIdentity
  /** The HTTP request with the host app's decorators; absent if the message did not come over HTTP. */
  readonly request?: FastifyRequest
  /** What the mount's `auth` says about the sender of this message; absent if the mount has no `auth`. */
  readonly auth?: AuthInfo | undefined
  /** Whether the host app itself calls. Neither `scopes` nor `visible` restrict it. */
  readonly isTrusted?: boolean
  /** Whether the definition may resolve to the JSON of a result; absent if the object is needed. */
  readonly takesJson?: boolean
  /** The app's log, bound to the HTTP request. */
  readonly log: FastifyBaseLogger
  /** The value of the definition's lifespan for this mount. */
  readonly lifespan: unknown
  /** Whether the mount has streams on which it notifies clients of changes; absent if it has none. */
  readonly canListen?: boolean
  /** Sends a notification ahead of the result, or drops it if the client cannot take one. */
  notify (method: string, params: object): void
  /** Adds a listener that is called once if the client leaves, or cancels the request, before the result is sent. */
  onDisconnect (listener: (reason: Error) => void): void
  /** Resolves when few enough bytes wait for the client; absent if nothing is buffered. */
  drained? (): Promise<void>
  /**
   * Asks the client in the middle of a request, as legacy revisions do; absent if the client cannot be asked.
   * @param timeout Milliseconds; 0 for no limit.
   * @param signal Aborted when the answer is no longer needed.
   * @throws RpcError if the client answers with an error, too late, or not at all.
   */
  ask? (request: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown>
  /** Adds a listener for the end of the stream that the request opens; absent for a request that opens none. */
  onEnd? (listener: () => void): void
  /** Ends the connection, but not the request: the client resumes to get the result. Absent if it cannot. */
  closeStream? (): void
}

/** A message together with its caller and its channel. */
export interface Incoming<Message = RequestMessage> {
  /** The request or notification. */
  readonly message: Message
  /** The sender. All messages of a session have the same object as their caller. */
  readonly caller: Caller
  /** The way back to the client while the message is served. */
  readonly channel: Channel
  /**
   * Takes how the request ended, before the definition resolves or rejects; absent if there is no subscriber. Only a
   * definition needs it that resolves to JSON, or that knows more than its result says.
   * @param error What a handler threw.
   */
  report? (outcome: RequestOutcome, error?: unknown): void
}

/** What a definition resolves a request to: the result, or its JSON as text if the channel takes JSON. */
export type Outcome = object | string
