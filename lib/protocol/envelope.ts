// JSON-RPC replies as text.
import { ErrorCode } from './error-code.ts'
import type { Refusal, RequestId } from './message.ts'

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
