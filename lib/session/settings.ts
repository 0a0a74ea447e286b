// The settings of the sessions of one mount.
import type { WatchBudget } from '../notify/watch-budget.ts'
import type { ResolvedShares } from '../shares/share-options.ts'
import type { EventStore } from '../store/event-store.ts'

/** The settings that apply wherever the sessions live. */
export interface SessionSettings {
  /** Milliseconds without a request after which a session ends; 0 for no limit. */
  readonly sessionIdleTimeout: number
  readonly maxSessions: number
  /** The share of one caller; absent if one caller may have all sessions. */
  readonly shares?: Pick<ResolvedShares, 'by' | 'sessions' | 'displaces'>
  /** The budget of the URIs that all sessions watch. @default a new one */
  readonly watching?: WatchBudget
  /** Milliseconds that a disconnected client waits before it reconnects. */
  readonly retryInterval: number | undefined
  /** Milliseconds that a store may take for one operation; 0 for no limit. @default 0 */
  readonly storeTimeout?: number
}

/** The settings of sessions that live in one process. */
export interface LocalSessionSettings extends SessionSettings {
  /** Stores events for clients that resume streams; undefined if streams cannot be resumed. */
  readonly eventStore: EventStore | undefined
}

const SWEEPS_PER_TIMEOUT = 4

/** Returns the milliseconds between two searches for idle sessions. */
export function sweepInterval ({ sessionIdleTimeout }: SessionSettings): number {
  return Math.ceil(sessionIdleTimeout / SWEEPS_PER_TIMEOUT)
}
