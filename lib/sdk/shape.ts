// The members of the official SDK's objects that are used here. The objects are recognised by their shape, because the
// SDK is not loaded, and an app may contain two copies of it.
import type { AuthInfo } from '../auth/auth-info.ts'
import type { ClientCapabilities, Implementation } from '@modelcontextprotocol/sdk/types.js'
import type { RequestId, WireObject } from '../protocol/message.ts'
import type { ServerDefinition } from '../server/definition.ts'

/** A message as SDK servers write it to their transport. */
export interface SdkMessage {
  readonly jsonrpc: '2.0'
  readonly id?: RequestId
  readonly method?: string
  readonly params?: WireObject
  readonly result?: WireObject
  readonly error?: { readonly code: number, readonly message: string, readonly data?: unknown }
}

/** The context that a transport passes to an SDK server with a message. v1 reads `requestInfo`, v2 reads `request`. */
export interface SdkMessageExtra {
  readonly authInfo?: AuthInfo
  readonly requestInfo?: unknown
  readonly request?: Request
  readonly closeSSEStream?: () => void
  readonly closeStandaloneSSEStream?: () => void
}

/** Returns the scopes that a request lacks; undefined if it lacks none. */
export type ScopeResolver = (context: ScopeContext) => ScopeChallenge | undefined | Promise<ScopeChallenge | undefined>

/** A request whose scopes are checked. */
export interface ScopeContext { readonly request: object, readonly authInfo?: AuthInfo }

/** The scopes that a request needs. */
export interface ScopeChallenge { readonly scopes: readonly string[] }

/** The options with which an SDK server sends a message. */
export interface SendOptions {
  /** The request that the message belongs to. */
  readonly relatedRequestId?: RequestId
}

/** The transport that an SDK server is connected to. */
export interface SdkTransport {
  onmessage?: (message: SdkMessage, extra?: SdkMessageExtra) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  readonly sessionId?: string | undefined
  /** Called by high-level servers of v2 that check scopes. */
  setScopeChallengeResolver? (resolve: ScopeResolver): void
  start (): Promise<void>
  send (message: SdkMessage, options?: SendOptions): Promise<void>
  close (): Promise<void>
}

/** A handler of the SDK v2, created by `createMcpHandler`, or any other object that serves MCP with `fetch`. */
export interface FetchHandler {
  /** Serves one HTTP request. @param options The caller and the parsed body, which the mount has already read. */
  fetch (
    request: Request, options?: { readonly authInfo?: AuthInfo, readonly parsedBody?: unknown }
  ): Response | Promise<Response>
  /** Called when the app closes. */
  close? (): unknown
}

/** Serves one method of an SDK server. */
export type SdkHandler = (request: object, extra: object) => unknown

/** A low-level `Server` of the SDK, v1 or v2. */
export interface SdkServer {
  readonly transport?: SdkTransport | undefined
  connect (transport: SdkTransport): Promise<void>
  close (): Promise<void>
}

/**
 * A low-level `Server` of the SDK v1, from 1.0 on, with its private members. A version of the SDK that has other names
 * for them is not recognised and thus refused, because one client must never see the data of another client in them.
 */
export interface SdkV1Server extends SdkServer {
  readonly _serverInfo: Implementation
  readonly _requestHandlers: ReadonlyMap<string, SdkHandler>
  readonly fallbackRequestHandler?: SdkHandler
  readonly _taskStore?: unknown
  _clientCapabilities: ClientCapabilities | undefined
  _clientVersion: Implementation | undefined
  /** Since 1.17. */
  _loggingLevels?: Map<string | undefined, string>
  /** Since 1.13. */
  elicitInput? (...args: unknown[]): Promise<unknown>
  createMessage (...args: unknown[]): Promise<unknown>
  /** Since 1.23. */
  createElicitationCompletionNotifier? (...args: unknown[]): () => Promise<void>
  request (request: object, resultSchema: object, options?: object): Promise<unknown>
  notification (notification: object, options?: object): Promise<void>
}

const SERVER_METHODS = ['connect', 'close', 'setRequestHandler', 'setNotificationHandler']

/** Finds the low-level server of a value: the value itself, or the one that a high-level `McpServer` wraps. */
export function findSdkServer (value: unknown): SdkServer | undefined {
  if (isSdkServer(value)) return value
  const { server } = Object(value) as { readonly server?: unknown }
  return isSdkServer(server) ? server : undefined
}

/** Returns whether a value is a low-level or high-level server itself, and not just an object that holds a server. */
export function isConnectable (value: unknown): value is SdkServer {
  const { connect, close } = Object(value) as { readonly [name: string]: unknown }
  return typeof connect === 'function' && typeof close === 'function' && findSdkServer(value) !== undefined
}

/** Returns whether a low-level or high-level server is one of the SDK v2. */
export function isV2 (server: SdkServer): boolean {
  return 'getNegotiatedProtocolVersion' in Object(findSdkServer(server))
}

/** Returns whether a server is one of the SDK v1 that keeps the state of its client in the expected members. */
export function isV1 (server: SdkServer): server is SdkV1Server {
  // The members that v1 has, and other servers may lack.
  const members = server as Partial<SdkV1Server> & { readonly isMessageIgnored?: unknown }
  const { _requestHandlers, _loggingLevels, _serverInfo, isMessageIgnored } = members
  // A server with `isMessageIgnored` has log levels, so it must keep them in `_loggingLevels`. Versions before 1.17
  // have neither.
  const keepsLevels = _loggingLevels instanceof Map || (_loggingLevels === undefined && isMessageIgnored === undefined)
  return !isV2(server) && _requestHandlers instanceof Map && keepsLevels && typeof _serverInfo?.name === 'string'
}

/** Recognises a definition by its shape, because an app may hold two copies of this package. */
export function isDefinition (server: unknown): server is ServerDefinition {
  // Servers of other frameworks have both a 'serve' and a 'fetch'.
  return typeof (Object(server) as Partial<ServerDefinition>).serve === 'function' && !isFetchHandler(server)
}

/** Returns whether a value serves requests with a `fetch` method. */
export function isFetchHandler (server: unknown): server is FetchHandler {
  return typeof (Object(server) as { readonly fetch?: unknown }).fetch === 'function'
}

function isSdkServer (value: unknown): value is SdkServer {
  const members = Object(value) as { readonly [name: string]: unknown }
  return SERVER_METHODS.every((name) => typeof members[name] === 'function')
}
