// Encodes JSON-RPC responses and notifications.
import { ErrorCode } from './error-code.ts'
import { encodeJson } from './json.ts'
import type { RequestId } from './message.ts'
import type { Refusal } from './refusals.ts'

/** Encodes the response to a request that was served. @param result The JSON of the result. */
export function encodeResponse (id: RequestId, result: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`
}

/** Encodes an error response. It never throws: a part of the error that JSON cannot carry is left out. */
export function encodeError (id: RequestId | null, failure: Pick<Refusal, 'code' | 'message' | 'data'>): string {
  return tryEncode(id, () => ({ ...describe(failure), data: failure.data })) ??
    tryEncode(id, () => describe(failure)) ??
    encodeJson({ jsonrpc: '2.0', id, error: UNSENDABLE })
}

/** Encodes a notification. @throws when the parameters hold a value that JSON cannot carry. */
export function encodeNotification (method: string, params: object): string {
  return encodeJson({ jsonrpc: '2.0', method, params })
}

const UNSENDABLE = Object.freeze({ code: ErrorCode.InternalError, message: 'Internal error' })

// Handlers throw errors with any values in them, so the types are checked.
function describe ({ code, message }: Pick<Refusal, 'code' | 'message'>): object {
  return {
    code: Number.isInteger(code) ? code : ErrorCode.InternalError,
    message: typeof message === 'string' ? message : UNSENDABLE.message
  }
}

function tryEncode (id: RequestId | null, createError: () => object): string | undefined {
  try {
    return encodeJson({ jsonrpc: '2.0', id, error: createError() })
  } catch {
    return undefined
  }
}
