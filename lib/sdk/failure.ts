// Hides unexpected errors of SDK servers from clients.
import type { FastifyBaseLogger } from 'fastify'
import { shorten } from '../protocol/bounds.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { RpcError } from '../errors.ts'
import { reportFailure } from '../server/call/failure.ts'

/** Returns an RpcError as it is. Any other error is logged under an id, and the client gets only the id. */
export function hideFailure (error: unknown, log: FastifyBaseLogger, method: string): RpcError {
  if (error instanceof RpcError) return error
  const message = reportFailure(error, `answering ${shorten(method)}`, { log, exposeErrors: false })
  return new RpcError(ErrorCode.InternalError, message)
}
