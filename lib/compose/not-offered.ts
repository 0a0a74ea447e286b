// Recognizes the answer of a definition to a method that it does not have.
import { RpcError } from '../errors.ts'
import { ErrorCode } from '../protocol/error-code.ts'

/** Whether a definition does not have the method of a request. */
export function isNotOffered (error: unknown): boolean {
  return error instanceof RpcError && error.code === ErrorCode.MethodNotFound
}
