// How the sessions of one mount are kept.
import type { WatchBudget } from '../notify/watch-budget.ts'
import type { ResolvedShares } from '../shares/share-options.ts'
import type { EventStore } from '../store/event-store.ts'

/** How the sessions of one mount are kept, wherever they live. */
export interface SessionSettings {
  /** Milliseconds without a request after which a session ends; 0 for never. */
  readonly sessionIdleTimeout: number
  readonly maxSessions: number
  /** What one caller may have; absent where one caller may have everything. */
  readonly shares?: Pick<ResolvedShares, 'by' | 'sessions' | 'displaces'>
  /** Counts the URIs that all sessions watch. @default a budget of their own */
  readonly watching?: WatchBudget
  /** Milliseconds after which a client may come back whose connection has broken. */
  readonly retryInterval: number | undefined
  /** Milliseconds that a store may take for one operation; 0 for ever. @default 0 */
  readonly storeTimeout?: number
}

/** How the sessions of one process are kept. */
export interface LocalSessionSettings extends SessionSettings {
  /** Stores events for clients whose connection breaks; undefined for no resumption. */
  readonly eventStore: EventStore | undefined
}

// Idle sessions are looked for this often in one idle timeout.
const SWEEPS_PER_TIMEOUT = 4

/** Returns the milliseconds between two looks for idle sessions. */
export function sweepInterval ({ sessionIdleTimeout }: SessionSettings): number {
  return Math.ceil(sessionIdleTimeout / SWEEPS_PER_TIMEOUT)
}
