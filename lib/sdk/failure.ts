// What SDK handlers throw, as the SDK itself puts it on the wire, and as modern clients know it.
import type { FastifyBaseLogger } from 'fastify'
import { shorten } from '../protocol/bounds.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { RpcError } from '../errors.ts'
import { reportFailure } from '../server/failure.ts'

/** Makes an RpcError of what a handler threw: codes and messages are those that the SDK would send. */
export function toRpcError (error: unknown, log: FastifyBaseLogger, what: string): RpcError {
  if (error instanceof RpcError) return error
  const { code, message, data } = Object(error) as { readonly code?: unknown, readonly message?: unknown, readonly data?: unknown }
  const text = typeof message === 'string' ? message : 'Internal error'
  if (Number.isSafeInteger(code)) return new RpcError(Number(code), text, data)
  log.warn({ err: error }, `${shorten(what)} failed in an SDK server`)
  return new RpcError(ErrorCode.InternalError, text, data)
}

/** Makes an RpcError of what went wrong around an SDK server. What is none already is only for the log. */
export function hideFailure (error: unknown, log: FastifyBaseLogger, method: string): RpcError {
  return error instanceof RpcError ? error : new RpcError(ErrorCode.InternalError, reportFailure(log, error, `answering ${shorten(method)}`, false))
}
