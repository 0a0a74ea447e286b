// The current load of a mount, for the app and for its health checks.
import type { ClusterState } from '../session/nodes/membership.ts'
import type { Outcomes } from '../telemetry/outcome-counts.ts'
import type { MountParts } from './parts.ts'

/** The current load of a mount in this process. */
export interface MountStats {
  /** How many legacy sessions are open; in a cluster, how many of them this process has served lately. */
  readonly sessions: number
  /** How many requests are being served, and how many replies have been resumed by their clients. */
  readonly exchanges: number
  /** How many streams clients listen to: GET streams, `subscriptions/listen` and HTTP+SSE. */
  readonly streams: number
  /** How many bytes of these streams and replies wait in this process for their clients to read them. */
  readonly unreadBytes: number
  /**
   * How many requests ended how, by `RequestOutcome`, in this process since the first call of `stats()`. Before it,
   * nothing is counted, so that it costs nothing.
   */
  readonly outcomes: Outcomes
  /** The state of the cluster; absent without the option `cluster`. */
  readonly cluster?: ClusterState
}

/** Returns how much is open in a mount. */
export function countOpen (
  { sessions, exchanges, streams }: MountParts
): Pick<MountStats, 'sessions' | 'exchanges' | 'streams'> {
  return { sessions: sessions.size, exchanges: exchanges.size, streams: streams.size }
}

/** Returns the current load of a mount. */
export function countLoad (parts: MountParts): MountStats {
  const { exchanges, streams, cluster, outcomes } = parts
  return {
    ...countOpen(parts),
    unreadBytes: exchanges.unreadBytes + streams.unreadBytes,
    outcomes: outcomes.read(),
    ...(cluster !== undefined && { cluster: cluster.state })
  }
}
