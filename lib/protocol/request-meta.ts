// The fields of `_meta` that the protocol defines for requests.
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import { MAX_ID_BYTES } from './bounds.ts'
import { isImplementation, readIdentity, type ClientIdentity } from './client-identity.ts'
import { isRequestId, isWireObject, type Params, type WireObject } from './message.ts'
import { isLogLevel, type LogLevel } from './log-level.ts'

export const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
export const CLIENT_INFO_KEY = 'io.modelcontextprotocol/clientInfo'
export const CLIENT_CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities'
export const LOG_LEVEL_KEY = 'io.modelcontextprotocol/logLevel'
export const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo'

/** A value by which a client recognises the progress of a request. */
export type ProgressToken = string | number

const NO_META: WireObject = Object.freeze({})

/** Tells what is wrong with the `_meta` of a modern request, apart from the revision; undefined when nothing is. */
export function findModernMetaProblem (params: Params): string | undefined {
  const meta = params._meta ?? NO_META

  if (!isWireObject(meta[CLIENT_CAPABILITIES_KEY])) return `'_meta' needs '${CLIENT_CAPABILITIES_KEY}', an object`
  const info = meta[CLIENT_INFO_KEY] ?? undefined
  if (info !== undefined && !isImplementation(info)) return `'${CLIENT_INFO_KEY}' in '_meta' must be an object with a name and a version`
  const level = meta[LOG_LEVEL_KEY] ?? undefined
  if (level !== undefined && !isLogLevel(level)) return `'${LOG_LEVEL_KEY}' in '_meta' is no log level`
  return findProgressTokenProblem(params)
}

/** Tells what is wrong with the progress token of a request; undefined when it has none, or one that can be used. */
export function findProgressTokenProblem (params: Params): string | undefined {
  const token = params._meta?.progressToken
  return token === undefined || isRequestId(token) ? undefined : `'progressToken' in '_meta' must be a string of up to ${MAX_ID_BYTES} bytes or an integer`
}

/** Reads the client of a modern request that {@link findModernMetaProblem} found no fault with. */
export function readModernClient (params: Params): ClientIdentity {
  // Both shapes were checked on arrival.
  const meta = params._meta as WireObject
  return readIdentity((meta[CLIENT_INFO_KEY] ?? undefined) as Implementation | undefined, meta[CLIENT_CAPABILITIES_KEY] as WireObject)
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
