// The events that a store in memory keeps, and which of them it drops first.
import { OrderedSet } from '../ordered-map.ts'
import type { StoredEvent } from './event-store.ts'

/** The limits of the events that are kept. */
export interface KeptLimits {
  readonly maxEvents: number
  /** Bytes of all messages. */
  readonly maxBytes: number
  /** Milliseconds. */
  readonly maxAge: number
}

/** An event that is kept. */
export interface KeptEvent<Event> extends StoredEvent {
  readonly holder: Holder<Event>
  readonly bytes: number
  readonly time: number
}

/** A session that has events. */
export interface Holder<Event> {
  readonly sessionId: string
  // In the order in which they arrived.
  readonly events: OrderedSet<Event>
  bytes: number
}

// Sessions with more than this part of a limit lose their own events before others lose theirs.
const SHARE = 0.1

/** The events of all streams, in the order in which they arrived. */
export class KeptEvents<Event extends KeptEvent<Event>> {
  readonly #limits: KeptLimits
  readonly #events = new OrderedSet<Event>()
  readonly #holders = new Map<string, Holder<Event>>()
  // The few sessions that have more than their share.
  readonly #greedy = new Set<Holder<Event>>()
  #bytes = 0

  constructor (limits: KeptLimits) {
    this.#limits = limits
  }

  /** Returns the events of a session. */
  holderOf (sessionId: string): Holder<Event> {
    const holder = this.#holders.get(sessionId) ?? { sessionId, events: new OrderedSet(), bytes: 0 }
    this.#holders.set(sessionId, holder)
    return holder
  }

  add (event: Event): void {
    const { holder } = event
    this.#events.add(event)
    holder.events.add(event)
    this.#bytes += event.bytes
    holder.bytes += event.bytes
    if (this.#partOf(holder) > SHARE) this.#greedy.add(holder)
  }

  delete (event: Event): void {
    const { holder } = event
    this.#events.delete(event)
    holder.events.delete(event)
    this.#bytes -= event.bytes
    holder.bytes -= event.bytes
    if (this.#partOf(holder) <= SHARE) this.#greedy.delete(holder)
    if (holder.events.size === 0) this.#holders.delete(holder.sessionId)
  }

  /** Finds the next event to drop; undefined if all events are within the limits. @param now Milliseconds. */
  findSurplus (now: number): Event | undefined {
    const oldest = this.#events.first
    if (oldest === undefined || oldest.time <= now - this.#limits.maxAge) return oldest
    if (this.#events.size <= this.#limits.maxEvents && this.#bytes <= this.#limits.maxBytes) return undefined
    const [first, ...rest] = this.#greedy
    if (first === undefined) return oldest
    const most = rest.reduce((most, holder) => this.#partOf(holder) > this.#partOf(most) ? holder : most, first)
    return most.events.first
  }

  // The part of a limit that a session has reached.
  #partOf ({ events, bytes }: Holder<Event>): number {
    return Math.max(events.size / this.#limits.maxEvents, bytes / this.#limits.maxBytes)
  }
}
