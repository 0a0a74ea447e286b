// What goes wrong around SDK servers.
import type { FastifyBaseLogger } from 'fastify'
import { shorten } from '../protocol/bounds.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { RpcError } from '../errors.ts'
import { reportFailure } from '../server/call/failure.ts'

/** Makes an RpcError of what was thrown. Anything else than one is logged under an id, and the client gets the id. */
export function hideFailure (error: unknown, log: FastifyBaseLogger, method: string): RpcError {
  if (error instanceof RpcError) return error
  return new RpcError(ErrorCode.InternalError, reportFailure(log, error, `answering ${shorten(method)}`, false))
}
