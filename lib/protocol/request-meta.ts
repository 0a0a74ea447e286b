// The fields of `_meta` that the protocol defines for requests.
import type { ClientCapabilities, Implementation } from '@modelcontextprotocol/sdk/types.js'
import type { Params, WireObject } from './message.ts'
import { isRequestId, isWireObject } from './message.ts'
import { isLogLevel, type LogLevel } from './log-level.ts'

export const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
export const CLIENT_INFO_KEY = 'io.modelcontextprotocol/clientInfo'
export const CLIENT_CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities'
export const LOG_LEVEL_KEY = 'io.modelcontextprotocol/logLevel'
export const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo'

/** A value by which a client recognises the progress of a request. */
export type ProgressToken = string | number

const NO_META: WireObject = Object.freeze({})

/** Who sent a request and what it can do. */
export interface ClientIdentity {
  /** Self-reported name and version, for display and logs only; absent where the client keeps it to itself. */
  readonly info?: Implementation
  /** What the client can do for a server. */
  readonly capabilities: ClientCapabilities
}

/** Tells what is wrong with the `_meta` of a modern request, apart from the revision; undefined when nothing is. */
export function findModernMetaProblem (params: Params): string | undefined {
  const meta = params._meta ?? NO_META

  if (!isWireObject(meta[CLIENT_CAPABILITIES_KEY])) return `'_meta' needs '${CLIENT_CAPABILITIES_KEY}', an object`
  const info = meta[CLIENT_INFO_KEY]
  if (info !== undefined && !isImplementation(info)) return `'${CLIENT_INFO_KEY}' in '_meta' must be an object with a name and a version`
  const level = meta[LOG_LEVEL_KEY]
  if (level !== undefined && !isLogLevel(level)) return `'${LOG_LEVEL_KEY}' in '_meta' is no log level`
  return findProgressTokenProblem(params)
}

/** Tells whether the progress token of a request, where it has one, is of a wrong type. */
export function findProgressTokenProblem (params: Params): string | undefined {
  const token = params._meta?.progressToken
  return token === undefined || isRequestId(token) ? undefined : "'progressToken' in '_meta' must be a string or an integer"
}

/** Reads the client of a modern request that {@link findModernMetaProblem} found no fault with. */
export function readModernClient (params: Params): ClientIdentity {
  // All shapes were checked on arrival; what is inside them is the client's own word.
  const meta = params._meta as WireObject
  const capabilities = meta[CLIENT_CAPABILITIES_KEY] as ClientCapabilities
  const info = meta[CLIENT_INFO_KEY] as Implementation | undefined
  return info === undefined ? { capabilities } : { info, capabilities }
}

/** Reads the log level that a modern request asks for. */
export function readLogLevel (params: Params): LogLevel | undefined {
  const level = params._meta?.[LOG_LEVEL_KEY]
  return isLogLevel(level) ? level : undefined
}

/** Reads the progress token of a request. */
export function readProgressToken (params: Params): ProgressToken | undefined {
  const token = params._meta?.progressToken
  return isRequestId(token) ? token : undefined
}

export function isImplementation (value: unknown): value is Implementation {
  return isWireObject(value) && typeof value.name === 'string' && typeof value.version === 'string'
}
