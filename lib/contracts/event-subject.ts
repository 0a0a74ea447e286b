// The store under test of the checks of event stores, and its limits.
import type { EventStore } from '../store/event-store.ts'
import type { Subject } from './contract.ts'

/** The limits of a store under test. */
export interface EventStoreLimits {
  /** The events that one stream must be able to hold, and that all streams together must not exceed. */
  readonly maxEvents: number
  /** The bytes of messages that one stream must be able to hold, and that all streams together must not exceed. */
  readonly maxBytes: number
  /** Milliseconds. */
  readonly maxAge: number
}

/** An empty event store under test. */
export interface EventStoreSubject<Store extends EventStore = EventStore> extends Subject {
  /** The same events as two nodes see them; for one process, the same store twice. */
  readonly stores: readonly [Store, Store]
  /** Lets time pass: by a clock that was passed in, or by waiting. */
  pass (milliseconds: number): Promise<void> | void
  /** Opens a session that outlives the check. Needed if the store keeps numbers only for open sessions. */
  open? (sessionId: string): Promise<void> | void
}

/** Creates an empty store with limits. */
export type CreateEventStores<Store extends EventStore> =
  (limits: EventStoreLimits) => Promise<EventStoreSubject<Store>> | EventStoreSubject<Store>

/** @internal The number of events that a stream of a store under test may have. */
export const MAX_EVENTS = 250

/** @internal The bytes that a stream of a store under test may have. */
export const MAX_BYTES = 2 * 1024 * 1024

/** @internal Checks of event stores, by the sentence that each of them proves. */
export type EventChecks<Store extends EventStore> =
  Readonly<Record<string, (subject: EventStoreSubject<Store>) => Promise<void>>>
