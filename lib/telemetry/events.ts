// The messages of the diagnostics channels.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import type { Params, RequestId } from '../protocol/message.ts'
import type { RefusalReason } from '../protocol/refusals.ts'
import type { Era } from '../protocol/revisions.ts'

/** What serves the message that an event is about. */
export interface MountIdentity {
  /** The mount's name in `app.mcp`; for `serveStdio`, the name of the server. */
  readonly mount: string
  /** The app of the mount. All scopes of an app have the same `app.server`. */
  readonly app: FastifyInstance
}

/** Who the caller has proved to be. */
export interface Principal {
  /** The user that the client acts for; absent for a client that acts for itself. */
  readonly subject?: string
  /** The client, as the authorization server knows it. */
  readonly clientId: string
  /** The authorization server that vouches for the caller, if it is known. */
  readonly issuer?: string
}

/** The sender of a message, whether the message is served or not. */
export interface SenderEvent extends MountIdentity {
  /** What carried the message. `host` is the app's own code, by `app.mcp.get(name).call()`. */
  readonly transport: 'http' | 'stdio' | 'host'
  /** The session, as {@link SessionEvent.session} names it; absent if there is none. */
  readonly session?: string
  /** Who the caller has proved to be; absent if that is unknown. */
  readonly principal?: Principal
  /** The HTTP request; absent if the message did not come over HTTP. */
  readonly request?: FastifyRequest
  /** The id that Fastify gave the HTTP request, as in its log. */
  readonly reqId?: string
}

/**
 * How a request ended.
 *
 * - `ok`: its result has no `isError`.
 * - `input_required`: its result asks the client, which will repeat the request.
 * - `tool_error`: the tool failed with a message for the model, such as that of a `ToolError`.
 * - `invalid_arguments`: the arguments do not fit the schema of the tool or prompt.
 * - `refused`: it was answered with an error that is meant for the client: it asked for something wrong, or must wait.
 * - `cancelled`: the client left or cancelled it, or the app closed.
 * - `timeout`: the handler took longer than its `timeout`.
 * - `crash`: something threw an unexpected error, which is in the log.
 */
export type RequestOutcome =
  'ok' | 'input_required' | 'tool_error' | 'invalid_arguments' | 'refused' | 'cancelled' | 'timeout' | 'crash'

/**
 * One request while a server serves it: the message of all channels of `fastify-mcp-mount:request`. It is the same
 * object in each of them. The last members are set when the request has ended, before `asyncStart` and `error`.
 */
export interface RequestEvent extends SenderEvent {
  /** The era of the client. */
  readonly era: Era
  /** The revision of the protocol in which the request is served. */
  readonly revision: string
  /** The method, such as `tools/call`. Clients may send any text, of any length. */
  readonly method: string
  /** The tool of `tools/call`, as the client wrote it. There may be no such tool. */
  readonly tool?: string
  /** The prompt of `prompts/get`, as the client wrote it. */
  readonly prompt?: string
  /** The URI of `resources/read`, as the client wrote it. */
  readonly uri?: string
  /** The parameters with the arguments, as they arrived. They may be confidential. Do not change them. */
  readonly params: Params
  /** The id that the client gave the request. */
  readonly requestId: RequestId
  /** The self-reported name and version of the client; absent if it gives none. */
  readonly client?: Implementation
  /** When the request began, in milliseconds since the epoch. */
  readonly startTime: number
  /** How many milliseconds it took. */
  duration?: number
  /** How it ended. */
  outcome?: RequestOutcome
  /**
   * Why it failed: what a handler threw, even where the client got a result with `isError`. In the channel `error`, it
   * is the error that the client got, and its `cause` is what a handler threw.
   */
  error?: unknown
  /** The result, as an object or as JSON; absent if the request failed. It may be confidential. */
  result?: unknown
}

/**
 * A question that a request asks its client: the message of all channels of `fastify-mcp-mount:question`. It is the
 * same object in each of them. A legacy client answers before `asyncStart`. A modern client gets the question in a
 * result, so that there are only `start` and `end`.
 */
export interface QuestionEvent extends MountIdentity {
  /** The era of the client. */
  readonly era: Era
  /** The revision of the protocol that the client speaks. */
  readonly revision: string
  /** The kind of question. */
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list'
  /** The `_meta` of the question. Subscribers of `start` may add to it. */
  readonly meta: Record<string, unknown>
  /** Why there is no answer; absent if there is one. */
  error?: unknown
}

/** A message or an HTTP request that was refused before a server saw it. The message of `fastify-mcp-mount:refusal`. */
export interface RefusalEvent extends SenderEvent {
  /** Why it was refused. */
  readonly reason: RefusalReason
  /** The HTTP status. Over stdio, the status that the refusal would have over HTTP. */
  readonly status: number
  /** The error code that the client got. */
  readonly code: number
  /** The error message that the client got. */
  readonly message: string
  /** What the operator of the app can do about it, such as which option allows the request; absent if nothing. */
  readonly advice?: string
  /** The id of the refused request; null if it is unknown. */
  readonly requestId: RequestId | null
  /** The method that the client named, shortened to 128 characters; absent if it is unknown. */
  readonly method?: string
  /** The tool, prompt or URI that the client named, shortened to 128 characters; absent if it is unknown. */
  readonly target?: string
}

/** A message, or a batch, that a transport carries. The message of `fastify-mcp-mount:message`. */
export interface WireEvent extends MountIdentity {
  /** `in`: it has arrived from a client. `out`: it is being sent to one. */
  readonly direction: 'in' | 'out'
  /** The transport that carries it. */
  readonly transport: 'http' | 'stdio'
  /** The JSON of a message, or of a batch. It may be confidential. */
  readonly text: string
  /** The HTTP request that carried it, or whose reply or stream carries it; absent over stdio. */
  readonly request?: FastifyRequest
  /** The id that Fastify gave the HTTP request, as in its log. */
  readonly reqId?: string
}

/**
 * Why a session ended. `deleted`: its client ended it. `refused`: its `initialize` failed. `idle`: it was not used for
 * `sessionIdleTimeout`. `displaced`: it was never used, and a new session needed its place. `disconnected`: the stream
 * of its HTTP+SSE connection ended. `ended`: the app ended it. `revoked`: the access of its caller was withdrawn.
 * `closed`: the app closed.
 */
export type SessionEnd =
  'deleted' | 'refused' | 'idle' | 'displaced' | 'disconnected' | 'ended' | 'revoked' | 'closed'

/** A legacy session opened or ended. The message of `fastify-mcp-mount:session`. */
export interface SessionEvent extends MountIdentity {
  /** What happened. In a cluster, each node that knows a session publishes its end. */
  readonly kind: 'opened' | 'ended'
  /** The hash that `app.mcp.get(name).sessions` has as `idHash`. The id itself is a secret of the client. */
  readonly session: string
  /** The revision that was negotiated. */
  readonly revision: string
  /** The self-reported name and version of the client; absent if it gives none. */
  readonly client?: Implementation
  /** Why it ended; absent when it opens. */
  readonly reason?: SessionEnd
  /** How many milliseconds it was open; absent when it opens, and if this node had no subscriber then. */
  readonly duration?: number
}

/** Another node of a cluster. */
export interface ClusterPeer {
  /** Its id, which is new with every start. */
  readonly node: string
  /** The name of its host, such as that of a pod. */
  readonly host: string
  /** The id of its process. */
  readonly pid: number
  /** The version of the server that it serves, if that is known. */
  readonly version?: string
}

/** What keys are for: `requestState` between the rounds of a call, or access tokens of `authorizationServer`. */
export type KeyPurpose = 'requestState' | 'tokens'

/**
 * How another node of a mount differs from this one. The lists have such names as `tool 'refund'`, at most 20 each. All
 * are empty if the nodes differ in what they offer, and the names of one of them have more than 100,000 characters.
 */
export interface PeerDifference {
  /** What that node has, and this one has not. */
  readonly missing: readonly string[]
  /** What this node has, and that one has not. */
  readonly additional: readonly string[]
  /** What both have, but list differently: another description, or another schema. */
  readonly changed: readonly string[]
  /** The keys of which one of the two nodes cannot open what the other seals. */
  readonly keys: readonly KeyPurpose[]
}

/**
 * What happened to the nodes of a cluster. `unreachable`: this node cannot reach what they share. `reachable`: it can
 * again. `presumed_dead`: this node gave no sign of life in time. `dead`: another node gives none. `different`: another
 * node serves something else at the mount of the same name, for longer than a moment.
 */
export type ClusterEventKind = 'unreachable' | 'reachable' | 'presumed_dead' | 'dead' | 'different'

/** The message of `fastify-mcp-mount:cluster`. */
export interface ClusterEvent extends MountIdentity {
  /** What happened. */
  readonly kind: ClusterEventKind
  /** Why the cluster cannot be reached. */
  readonly error?: Error
  /** The other node, if the event is about one. */
  readonly peer?: ClusterPeer
  /** How that node differs. */
  readonly difference?: PeerDifference
}
