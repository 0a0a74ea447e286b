// JSON-RPC replies as text, and the HTTP status that goes with each.
import { ErrorCode } from './error-code.ts'
import type { Refusal, RequestId } from './message.ts'
import type { Era } from './revisions.ts'

// MCP 2026-07-28 basic and streamable-http; what is not here is answered with 200.
const MODERN_STATUS: ReadonlyMap<number, number> = new Map([
  [ErrorCode.ParseError, 400],
  [ErrorCode.InvalidRequest, 400],
  [ErrorCode.InvalidParams, 400],
  [ErrorCode.HeaderMismatch, 400],
  [ErrorCode.MissingRequiredClientCapability, 400],
  [ErrorCode.UnsupportedProtocolVersion, 400],
  [ErrorCode.MethodNotFound, 404]
])

/** The HTTP status of an error that a request was answered with. Legacy revisions know none but 200 and that of authorization. */
export function statusOf ({ code }: Pick<Refusal, 'code'>, era: Era): number {
  // MCP 2025-11-25 and 2026-07-28 authorization, Runtime Insufficient Scope Errors.
  if (code === ErrorCode.InsufficientScope) return 403
  return era === 'legacy' ? 200 : MODERN_STATUS.get(code) ?? 200
}

/** The reply to a request that was served. @param result JSON. */
export function encodeResponse (id: RequestId, result: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`
}

/** The reply to a request that was not served. */
export function encodeError (id: RequestId | null, { code, message, data }: Pick<Refusal, 'code' | 'message' | 'data'>): string {
  const error = { code: Number.isInteger(code) ? code : ErrorCode.InternalError, message }
  return JSON.stringify({ jsonrpc: '2.0', id, error: { ...error, ...(isEncodable(data) && { data }) } })
}

/** A message that the server sends of its own accord. @throws when the parameters hold what JSON cannot carry. */
export function encodeNotification (method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params })
}

// An error's data comes from a handler: what cannot be sent must not keep the error itself from being sent.
function isEncodable (data: unknown): boolean {
  if (data === undefined) return false
  try {
    return JSON.stringify(data) !== undefined
  } catch {
    return false
  }
}
