// What a client is told whose request fails for a reason that is not its own: a cluster is away, or its session has
// ended.
import { UnavailableError } from '../../errors.ts'
import { ClusterUnreachableError } from '../../store/cluster.ts'

export const UNAVAILABLE = 'The store of sessions cannot be reached; try again later'

/** Throws a failure as a client may see it. */
export function unavailable (error: unknown): never {
  throw error instanceof ClusterUnreachableError ? new UnavailableError(UNAVAILABLE) : error
}

/** A session has ended while its client was about to be connected. */
export class SessionEndedError extends Error {
  override readonly name = 'SessionEndedError'
}
