// The errors of the package: MCP_ERR_* for registering and starting, RpcError for the wire.
import createError from '@fastify/error'
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js'
import { ErrorCode } from './protocol/error-code.ts'
import { Method } from './protocol/methods.ts'
import { isScope } from './protocol/scope.ts'

/** An option has a wrong value, is unknown, or contradicts another one. Thrown where the options are passed. */
export const MCP_ERR_INVALID_OPTION = createError<[name: string, problem: string]>(
  'MCP_ERR_INVALID_OPTION', "option '%s' %s", 500, TypeError
)

/** The `server` option cannot be mounted. Thrown while registering a mount, or starting it. */
export const MCP_ERR_INVALID_SERVER = createError<[problem: string]>(
  'MCP_ERR_INVALID_SERVER',
  "option 'server' %s; pass new McpServer({ name, version }) of this package, an SDK v1 server, " +
    'a function (context) => server that creates SDK servers (v1 or v2), or an SDK v2 handler: createMcpHandler(…)',
  500,
  TypeError
)

/** Two mounts of one app have the same name. Thrown while registering a mount. */
export const MCP_ERR_DUPLICATE_MOUNT = createError<[name: string]>(
  'MCP_ERR_DUPLICATE_MOUNT', "a mount named '%s' is already registered; give each mount its own 'name' option"
)

/** Two mounts of one app have the same endpoint. Thrown while registering a mount. */
export const MCP_ERR_DUPLICATE_ENDPOINT = createError<[path: string, name: string]>(
  'MCP_ERR_DUPLICATE_ENDPOINT',
  "endpoint '%s' already serves the mount '%s'; give each mount its own 'prefix', 'path' or 'constraints'"
)

/** `app.mcp.get(name)` was asked for a mount that does not exist. */
export const MCP_ERR_UNKNOWN_MOUNT = createError<[name: string, known: string]>(
  'MCP_ERR_UNKNOWN_MOUNT', "no mount is named '%s'; registered mounts: %s"
)

/** A tool, prompt, resource or template cannot be registered as given. */
export const MCP_ERR_INVALID_DEFINITION = createError<[what: string, problem: string]>(
  'MCP_ERR_INVALID_DEFINITION', '%s %s', 500, TypeError
)

/** A tool, prompt, resource or template with that name or URI is already registered. */
export const MCP_ERR_DUPLICATE_DEFINITION = createError<[what: string]>(
  'MCP_ERR_DUPLICATE_DEFINITION',
  '%s is already registered; remove() or update() the first one, or choose another name'
)

/** A schema has no JSON Schema form, does not compile, or refers to something that cannot be resolved. */
export const MCP_ERR_INVALID_SCHEMA = createError<[where: string, problem: string]>(
  'MCP_ERR_INVALID_SCHEMA', '%s %s', 500, TypeError
)

/** A route cannot be a tool as it is configured, or cannot be told from another one. Thrown while starting. */
export const MCP_ERR_INVALID_ROUTE = createError<[route: string, problem: string]>(
  'MCP_ERR_INVALID_ROUTE', "the route '%s' %s", 500, TypeError
)

/**
 * `ctx.auth.upstream()` was asked for the token of a user who never signed in: the access token was issued for an
 * assertion of an identity provider, which brings no token. Nothing ends.
 */
export const MCP_ERR_NO_UPSTREAM_TOKEN = createError<[name: string]>(
  'MCP_ERR_NO_UPSTREAM_TOKEN',
  'there is no token of %s: the user did not sign in, since the client brought an assertion (ID-JAG); ' +
    'a tool that needs this token can serve users who sign in only'
)

/** A required package is not installed. Thrown by the function that needs it. */
export const MCP_ERR_MISSING_PACKAGE = createError<[name: string, what: string, options: ErrorOptions]>(
  'MCP_ERR_MISSING_PACKAGE', "'%s' is not installed, which %s needs; install it beside this package"
)

/**
 * @internal Returns the error to throw when the import of an optional peer failed: MCP_ERR_MISSING_PACKAGE if the
 * package is not installed, or the error itself.
 */
export function explainImport (error: unknown, name: string, what: string): unknown {
  return isNotInstalled(error, name) ? new MCP_ERR_MISSING_PACKAGE(name, what, { cause: error }) : error
}

/** @internal Returns whether an import failed because a package is not installed. */
export function isNotInstalled (error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false
  // Module hooks that run in a thread of their own, as in Node.js 20, lose the code of the error.
  const isNamed = error.message.startsWith(`Cannot find package '${name}'`)
  return isNamed || ('code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
}

/**
 * An error of the protocol. If a handler throws it, the client receives it unchanged in place of a result.
 *
 * `code` is one of {@link ErrorCode}, or an application's own: an integer outside of -32768 to -32000. `data` is any
 * value that JSON can carry.
 *
 * @example throw new RpcError(ErrorCode.InvalidParams, 'No such note', { id: 7 })
 */
export class RpcError extends Error {
  override readonly name: string = 'RpcError'
  /** The error code that the client receives. */
  readonly code: number
  /** More information for the client. */
  readonly data: unknown

  /** @param options The `cause`, which clients do not see. */
  constructor (code: number, message: string, data?: unknown, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.data = data
  }
}

/**
 * @internal The package's own refusal of a request. The protocol assigns the HTTP status to its code.
 * An error that a handler throws is answered with 200 instead, whatever its code, because the request was valid.
 */
export class RefusedError extends RpcError {}

/**
 * @internal Turns a refusal into an ordinary error. A handler that reads a resource or calls the app itself may pass on
 * the error, which must not count as a refusal of the handler's own request.
 */
export function withoutRefusal (error: unknown): unknown {
  return error instanceof RefusedError ? new RpcError(error.code, error.message, error.data) : error
}

/**
 * The caller's token lacks a scope. Thrown by a handler if its arguments decide which scopes are needed, or by the
 * server for the `scopes` of a tool, resource or prompt. The HTTP status is 403, unless a stream has begun; a client
 * may then ask its user for more scopes.
 *
 * @throws TypeError if there is no scope, or an invalid one.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#runtime-insufficient-scope-errors
 * @example throw new InsufficientScopeError(['notes:write'])
 */
export class InsufficientScopeError extends RpcError {
  override readonly name = 'InsufficientScopeError'
  /** All scopes that the request needs, including those that the caller has. */
  readonly requiredScopes: readonly string[]

  constructor (requiredScopes: readonly string[]) {
    // Checked, because the scopes become part of a header.
    if (requiredScopes.length === 0 || !requiredScopes.every(isScope)) {
      throw new TypeError("InsufficientScopeError needs an array of scopes, such as ['notes:write']")
    }
    const scopes = Object.freeze([...requiredScopes])
    const message = `Insufficient scope: the request needs ${scopes.join(' ')}`
    super(ErrorCode.InsufficientScope, message, { requiredScopes: scopes })
    this.requiredScopes = scopes
  }
}

/**
 * The user must sign in again, because the token of the request is of no more use. Thrown by `ctx.auth.upstream()`, or
 * by a handler. The HTTP status is 401 with the challenge `invalid_token`, unless a stream has begun; a client then
 * refreshes its token or leads its user through the sign-in.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @example throw new SignInRequiredError('Your account was moved; sign in again')
 */
export class SignInRequiredError extends RpcError {
  override readonly name = 'SignInRequiredError'
  /** The HTTP status, also of a route that throws it. */
  readonly statusCode = 401

  constructor (message: string) {
    super(ErrorCode.SignInRequired, message)
  }
}

/** A request cannot be served now, but may be later. The HTTP status is `status`, unless a stream has begun. */
export class UnavailableError extends RpcError {
  override readonly name = 'UnavailableError'
  readonly status: 503 | 429
  /** After how many seconds the client may try again; undefined for the usual time. */
  readonly retryAfter: number | undefined

  /** @param status 429 if the caller has reached its share. */
  constructor (message: string, status: 503 | 429 = 503, retryAfter?: number) {
    super(ErrorCode.InternalError, message)
    this.status = status
    this.retryAfter = retryAfter
  }
}

/**
 * The session of a request has ended. The HTTP status is 404, so that the client opens a new session, unless a stream
 * has begun.
 */
export class SessionGoneError extends RpcError {
  override readonly name = 'SessionGoneError'

  constructor (message: string) {
    super(ErrorCode.SessionNotFound, message)
  }
}

/**
 * A failure that the model can act on. If a tool throws it, its message becomes a result with `isError`.
 *
 * @example throw new ToolError('The date must lie in the future')
 */
export class ToolError extends Error {
  override readonly name = 'ToolError'
}

/**
 * The client cannot answer a question of a handler. For a tool that a legacy client calls, it becomes a result with
 * `isError`, because the message is meant for the model.
 */
export class CannotAskError extends RpcError {}

const PURPOSES: Readonly<Record<string, string>> = {
  [Method.ElicitationCreate]: 'ask the user',
  [Method.SamplingCreateMessage]: "ask the client's model",
  [Method.RootsList]: "list the client's roots"
}

/** @internal Creates the refusal of a request with wrong parameters. @param problem What is wrong and what is right. */
export function invalidParams (problem: string): RefusedError {
  return new RefusedError(ErrorCode.InvalidParams, `Invalid params: ${problem}`)
}

/**
 * Creates the error of a request whose client lacks a required capability (MCP 2026-07-28 basic, Error Codes).
 * @param method The method of the question.
 */
export function missingCapability (method: string, requiredCapabilities: ClientCapabilities): CannotAskError {
  const missing = Object.entries(requiredCapabilities)
    .map(([name, modes]) => [name, ...Object.keys(Object(modes))].join('.'))
    .join(', ')
  const message = describeProblem(method, `this client does not support that (${missing})`)
  return new CannotAskError(ErrorCode.MissingRequiredClientCapability, message, { requiredCapabilities })
}

/**
 * Creates the error of a question that cannot be sent, because no message can reach the client before the reply.
 * @param method The method of the question.
 */
export function noWayToAsk (method: string): CannotAskError {
  const message = describeProblem(method, 'this connection cannot carry a question before the reply')
  return new CannotAskError(ErrorCode.InternalError, message)
}

function describeProblem (method: string, problem: string): string {
  return `This needs to ${PURPOSES[method] ?? `send ${method}`}, and ${problem}. Do without it, or tell the user.`
}

/** What nodes share cannot be reached. The operation has not happened, or it is unknown whether it has. */
export class ClusterUnreachableError extends Error {
  override readonly name = 'ClusterUnreachableError'
}
