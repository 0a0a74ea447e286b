// What a client is told whose request needs what nodes share, while that is away.
import { ClusterAwayError } from '../../store/cluster.ts'
import { UnavailableError } from '../../errors.ts'

export const UNAVAILABLE = 'The store of sessions cannot be reached; try again later'

/** Throws a failure as a client may see it. */
export function unavailable (error: unknown): never {
  throw error instanceof ClusterAwayError ? new UnavailableError(UNAVAILABLE) : error
}
