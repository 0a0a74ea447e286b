// HTTP+SSE of revision 2024-11-05, for old clients: what a mount has of it.
import type { EndpointAuth } from '../../auth/endpoint-auth.ts'
import type { LocalHome } from '../../session/local-home.ts'
import type { SseConnection } from './connection.ts'
import type { ResolvedLegacySse } from './options.ts'

/** What a mount has that serves HTTP+SSE. */
export interface LegacySse extends ResolvedLegacySse, EndpointAuth {
  /** Where sessions are opened. */
  readonly home: LocalHome
  /** The streams that are open, by the ids of their sessions. */
  readonly connections: Map<string, SseConnection>
}
