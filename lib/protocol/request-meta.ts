// The members of `_meta` that the protocol defines for requests.
import { isImplementation, readIdentity, type ClientIdentity } from './client-identity.ts'
import { isRequestId, isWireObject, type Params, type WireObject } from './message.ts'
import { isLogLevel, type LogLevel } from './log-level.ts'
import { MODERN_REVISION } from './revisions.ts'

export const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
export const CLIENT_INFO_KEY = 'io.modelcontextprotocol/clientInfo'
export const CLIENT_CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities'
export const LOG_LEVEL_KEY = 'io.modelcontextprotocol/logLevel'
export const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo'

/** A value by which a client recognises the progress notifications of a request. */
export type ProgressToken = string | number

const NO_META: WireObject = Object.freeze({})

/** What the `_meta` of a modern message says of its sender. */
export interface ModernMeta {
  readonly era: 'modern'
  readonly protocolVersion: string
  readonly client: ClientIdentity
  /** The least severe log messages that the client wants for this request; undefined if it wants none. */
  readonly logLevel: LogLevel | undefined
}

/** Reads the `_meta` of a modern message, whose revision has been checked, or says what is wrong with it. */
export function readModernMeta (params: Params): ModernMeta | { readonly problem: string } {
  const meta = params._meta ?? NO_META
  const capabilities = meta[CLIENT_CAPABILITIES_KEY]
  if (!isWireObject(capabilities)) return { problem: `'_meta' needs '${CLIENT_CAPABILITIES_KEY}', an object` }
  const info = meta[CLIENT_INFO_KEY] ?? undefined
  if (info !== undefined && !isImplementation(info)) {
    return { problem: `'${CLIENT_INFO_KEY}' in '_meta' must be an object with a name and a version` }
  }
  const logLevel = meta[LOG_LEVEL_KEY] ?? undefined
  if (logLevel !== undefined && !isLogLevel(logLevel)) {
    return { problem: `'${LOG_LEVEL_KEY}' in '_meta' is not a log level` }
  }
  return { era: 'modern', protocolVersion: MODERN_REVISION, client: readIdentity(info, capabilities), logLevel }
}

/** Reads the progress token of a request. */
export function readProgressToken (params: Params): ProgressToken | undefined {
  const token = params._meta?.progressToken
  return isRequestId(token) ? token : undefined
}
