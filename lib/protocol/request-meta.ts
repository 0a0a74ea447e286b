// The members of `_meta` that the protocol defines for requests.
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

/** A value with which a client recognises the progress notifications of a request. */
export type ProgressToken = string | number

const NO_META: WireObject = Object.freeze({})

/** Says what is wrong with the `_meta` of a modern request, apart from the revision; undefined if it is valid. */
export function findModernMetaProblem (params: Params): string | undefined {
  const meta = params._meta ?? NO_META

  if (!isWireObject(meta[CLIENT_CAPABILITIES_KEY])) return `'_meta' needs '${CLIENT_CAPABILITIES_KEY}', an object`
  const info = meta[CLIENT_INFO_KEY] ?? undefined
  if (info !== undefined && !isImplementation(info)) {
    return `'${CLIENT_INFO_KEY}' in '_meta' must be an object with a name and a version`
  }
  const level = meta[LOG_LEVEL_KEY] ?? undefined
  if (level !== undefined && !isLogLevel(level)) return `'${LOG_LEVEL_KEY}' in '_meta' is no log level`
  return findProgressTokenProblem(params)
}

/** Says what is wrong with the progress token of a request; undefined if there is none, or a valid one. */
export function findProgressTokenProblem (params: Params): string | undefined {
  const token = params._meta?.progressToken
  if (token === undefined || isRequestId(token)) return undefined
  return `'progressToken' in '_meta' must be a string of up to ${MAX_ID_BYTES} bytes or an integer`
}

/** Reads the client of a modern request that has passed {@link findModernMetaProblem}. */
export function readModernClient (params: Params): ClientIdentity {
  // The three casts hold, because the shapes have been checked.
  const meta = params._meta as WireObject
  const info = (meta[CLIENT_INFO_KEY] ?? undefined) as Implementation | undefined
  return readIdentity(info, meta[CLIENT_CAPABILITIES_KEY] as WireObject)
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
