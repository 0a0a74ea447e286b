// What a client is told whose request needs what nodes share, while that is away.
import { ClusterAwayError } from '../cluster/cluster.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { RpcError } from '../errors.ts'

export const UNAVAILABLE = 'The store of sessions cannot be reached; try again later'

/** A request cannot be served now, but later. Answered with HTTP 503, unless a stream has begun. */
export class UnavailableError extends RpcError {
  constructor (message = UNAVAILABLE) {
    super(ErrorCode.InternalError, message)
  }
}

/** Throws a failure as a client may see it. */
export function unavailable (error: unknown): never {
  throw error instanceof ClusterAwayError ? new UnavailableError() : error
}
