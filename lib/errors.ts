// Every error of the package: MCP_ERR_* for registering and starting, RpcError for the wire.
import createError from '@fastify/error'
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js'
import { ErrorCode } from './protocol/error-code.ts'
import { isScope } from './protocol/scope.ts'

/** An option has a wrong value, is unknown, or contradicts another one. Thrown while registering a mount. */
export const MCP_ERR_INVALID_OPTION = createError<[name: string, problem: string]>(
  'MCP_ERR_INVALID_OPTION', "option '%s' %s", 500, TypeError
)

/** The `server` option is nothing that can be mounted. Thrown while registering a mount, or starting it. */
export const MCP_ERR_INVALID_SERVER = createError<[problem: string]>(
  'MCP_ERR_INVALID_SERVER', "option 'server' %s; pass new McpServer({ name, version }) of this package, an SDK v1 server, a function (context) => server that makes SDK servers (v1 or v2), or an SDK v2 handler: createMcpHandler(…)", 500, TypeError
)

/** Two mounts of one app have the same name. Thrown while registering a mount. */
export const MCP_ERR_DUPLICATE_MOUNT = createError<[name: string]>(
  'MCP_ERR_DUPLICATE_MOUNT', "a mount named '%s' is already registered; give each mount its own 'name' option"
)

/** Two mounts of one app have the same endpoint. Thrown while registering a mount. */
export const MCP_ERR_DUPLICATE_ENDPOINT = createError<[path: string, name: string]>(
  'MCP_ERR_DUPLICATE_ENDPOINT', "endpoint '%s' already serves the mount '%s'; give each mount its own 'prefix', 'path' or 'constraints'"
)

/** `app.mcp.get(name)` was asked for a mount that does not exist. */
export const MCP_ERR_UNKNOWN_MOUNT = createError<[name: string, known: string]>(
  'MCP_ERR_UNKNOWN_MOUNT', "no mount is named '%s'; registered mounts: %s"
)

/** A tool, prompt, resource or template cannot be registered as given. */
export const MCP_ERR_INVALID_DEFINITION = createError<[what: string, problem: string]>(
  'MCP_ERR_INVALID_DEFINITION', '%s %s', 500, TypeError
)

/** A tool, prompt, resource or template of that name (or URI) is already registered. */
export const MCP_ERR_DUPLICATE_DEFINITION = createError<[what: string]>(
  'MCP_ERR_DUPLICATE_DEFINITION', '%s is already registered; remove() or update() the first one, or choose another name'
)

/** A schema has no JSON Schema form, does not compile, or refers to something that cannot be resolved. */
export const MCP_ERR_INVALID_SCHEMA = createError<[where: string, problem: string]>(
  'MCP_ERR_INVALID_SCHEMA', '%s %s', 500, TypeError
)

/** A package is needed that is not installed. Thrown while making what needs it. */
export const MCP_ERR_MISSING_PACKAGE = createError<[name: string, what: string, options: ErrorOptions]>(
  'MCP_ERR_MISSING_PACKAGE', "'%s' is not installed, which %s needs; install it beside this package"
)

/**
 * An error of the protocol: thrown by a handler, it reaches the client as it is, in place of a result.
 *
 * `code` is one of {@link ErrorCode} or an application's own, an integer outside -32768 to -32000; `data` is anything
 * that JSON can carry.
 *
 * @example throw new RpcError(ErrorCode.InvalidParams, 'No such note', { id: 7 })
 */
export class RpcError extends Error {
  override readonly name: string = 'RpcError'
  /** The code on the wire. */
  readonly code: number
  /** What the client is told besides. */
  readonly data: unknown

  constructor (code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

/**
 * @internal The package's own refusal of a request. Over HTTP it has the status that the protocol gives to its code, while
 * an error that a handler threw is answered with 200, whatever its code: the request itself was good.
 */
export class RefusedError extends RpcError {}

/** @internal Makes a refusal of one request an ordinary error, so that it refuses no other request whose handler passes it on. */
export function withoutRefusal (error: unknown): unknown {
  return error instanceof RefusedError ? new RpcError(error.code, error.message, error.data) : error
}

/**
 * The caller's token lacks a scope: thrown by a handler whose arguments decide what is needed, or by the server for the
 * `scopes` of what was asked for. Answered with HTTP 403, unless a stream has begun; a client may then ask its user for more.
 *
 * @throws TypeError when there is no scope, or one is none.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#runtime-insufficient-scope-errors
 * @example throw new InsufficientScopeError(['notes:write'])
 */
export class InsufficientScopeError extends RpcError {
  override readonly name = 'InsufficientScopeError'
  /** All scopes that the request needs, whichever of them the caller has. */
  readonly requiredScopes: readonly string[]

  constructor (requiredScopes: readonly string[]) {
    // They become part of a header.
    if (requiredScopes.length === 0 || !requiredScopes.every(isScope)) {
      throw new TypeError("InsufficientScopeError needs an array of scopes, such as ['notes:write']")
    }
    const scopes = Object.freeze([...requiredScopes])
    super(ErrorCode.InsufficientScope, `Insufficient scope: the request needs ${scopes.join(' ')}`, { requiredScopes: scopes })
    this.requiredScopes = scopes
  }
}

/** A request cannot be served now, but later. Answered with its HTTP status, unless a stream has begun. */
export class UnavailableError extends RpcError {
  override readonly name = 'UnavailableError'
  readonly status: 503 | 429

  /** @param status 429 where the caller has its share of what all callers share. */
  constructor (message: string, status: 503 | 429 = 503) {
    super(ErrorCode.InternalError, message)
    this.status = status
  }
}

/** The session of a request is gone. Answered with HTTP 404, unless a stream has begun, so that the client opens a new session. */
export class SessionGoneError extends RpcError {
  override readonly name = 'SessionGoneError'

  constructor (message: string) {
    super(ErrorCode.SessionNotFound, message)
  }
}

/**
 * A failure that the model can act on: thrown by a tool, its message becomes an `isError` result.
 *
 * @example throw new ToolError('The date must lie in the future')
 */
export class ToolError extends Error {
  override readonly name = 'ToolError'
}

/**
 * The client cannot be asked what a handler asks. A tool called by a legacy client makes an `isError` result of it,
 * because the message is for the model.
 */
export class CannotAskError extends RpcError {}

const PURPOSES: Readonly<Record<string, string>> = {
  'elicitation/create': 'ask the user',
  'sampling/createMessage': "ask the client's model",
  'roots/list': "list the client's roots"
}

/** Makes the error of a request that needs what its client did not declare (MCP 2026-07-28 basic, Error Codes). @param method What cannot be asked. */
export function missingCapability (method: string, requiredCapabilities: ClientCapabilities): CannotAskError {
  const lacking = Object.entries(requiredCapabilities).map(([name, modes]) => [name, ...Object.keys(Object(modes))].join('.')).join(', ')
  return new CannotAskError(ErrorCode.MissingRequiredClientCapability, describeProblem(method, `this client does not support that (${lacking})`), { requiredCapabilities })
}

/** Makes the error of a question for which no message can reach the client before the reply. @param method What cannot be asked. */
export function noWayToAsk (method: string): CannotAskError {
  return new CannotAskError(ErrorCode.InternalError, describeProblem(method, 'this connection cannot carry a question before the reply'))
}

function describeProblem (method: string, problem: string): string {
  return `This needs to ${PURPOSES[method] ?? `send ${method}`}, and ${problem}. Do without it, or tell the user.`
}
