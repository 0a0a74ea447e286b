// Names sessions wherever their ids must not be seen, such as in logs and events.
import { createHash } from 'node:crypto'

const LENGTH = 16

/** Returns the hash that stands for a session. It cannot be used as the id of the session. */
export function hashSessionId (sessionId: string): string {
  return createHash('sha256').update(sessionId).digest('hex').slice(0, LENGTH)
}
