// What goes wrong around SDK servers.
import type { FastifyBaseLogger } from 'fastify'
import { shorten } from '../protocol/bounds.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { RpcError } from '../errors.ts'
import { reportFailure } from '../server/failure.ts'

/** Makes an RpcError of what was thrown: an RpcError passes, and anything else is logged under an id, which is all that the client gets. */
export function hideFailure (error: unknown, log: FastifyBaseLogger, method: string): RpcError {
  if (error instanceof RpcError) return error
  return new RpcError(ErrorCode.InternalError, reportFailure(log, error, `answering ${shorten(method)}`, false))
}
