// JSON-RPC replies as text.
import { ErrorCode } from './error-code.ts'
import { encodeJson } from './json.ts'
import type { Refusal, RequestId } from './message.ts'

/** The reply to a request that was served. @param result JSON. */
export function encodeResponse (id: RequestId, result: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`
}

/** The reply to a request that was not served. There always is one: what cannot be sent of the error is left out. */
export function encodeError (id: RequestId | null, failure: Pick<Refusal, 'code' | 'message' | 'data'>): string {
  return tryEncode(id, () => ({ ...describe(failure), data: failure.data })) ?? tryEncode(id, () => describe(failure)) ?? encodeJson({ jsonrpc: '2.0', id, error: UNSENDABLE })
}

/** A message that the server sends of its own accord. @throws when the parameters hold what JSON cannot carry. */
export function encodeNotification (method: string, params: object): string {
  return encodeJson({ jsonrpc: '2.0', method, params })
}

const UNSENDABLE = Object.freeze({ code: ErrorCode.InternalError, message: 'Internal error' })

// Handlers make the errors, and may put anything into them.
function describe ({ code, message }: Pick<Refusal, 'code' | 'message'>): object {
  return { code: Number.isInteger(code) ? code : ErrorCode.InternalError, message: typeof message === 'string' ? message : UNSENDABLE.message }
}

function tryEncode (id: RequestId | null, createError: () => object): string | undefined {
  try {
    return encodeJson({ jsonrpc: '2.0', id, error: createError() })
  } catch {
    return undefined
  }
}
