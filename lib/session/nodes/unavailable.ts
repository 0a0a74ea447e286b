// The errors of requests that fail through no fault of the client: the cluster is unreachable, or the session has
// ended.
import { ClusterUnreachableError, UnavailableError } from '../../errors.ts'

export const UNAVAILABLE = 'The store of sessions cannot be reached; try again later'

/** Rethrows an error; one of an outage becomes the error that the client gets. */
export function unavailable (error: unknown): never {
  throw error instanceof ClusterUnreachableError ? new UnavailableError(UNAVAILABLE) : error
}

/** A session ended while its client was being connected. */
export class SessionEndedError extends Error {
  override readonly name = 'SessionEndedError'
}
