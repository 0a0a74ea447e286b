// The parts of a mount that serve HTTP+SSE of revision 2024-11-05.
import type { EndpointAuth } from '../../auth/endpoint-auth.ts'
import type { LocalHome } from '../../session/local-home.ts'
import type { SseConnection } from './connection.ts'
import type { ResolvedLegacySse } from './options.ts'

/** The parts of a mount that serve HTTP+SSE. */
export interface LegacySse extends ResolvedLegacySse, EndpointAuth {
  /** Opens the sessions. */
  readonly home: LocalHome
  /** The open streams, by the ids of their sessions. */
  readonly connections: Map<string, SseConnection>
}
