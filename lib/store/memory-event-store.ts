// An event store in memory.
import { nested, whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import type { SharedEventStore, StoredEvent } from './event-store.ts'

/**
 * The limits of a store in memory. Events that are older than `maxAge` are dropped. Beyond `maxEvents` or `maxBytes`,
 * the session with most events or bytes loses its oldest events while any session has more than a tenth of either
 * limit; otherwise the oldest events of all are dropped.
 */
export interface MemoryEventStoreOptions {
  /** @default 10000 */
  readonly maxEvents?: number
  /** Bytes of all messages. @default 16777216 (16 MiB) */
  readonly maxBytes?: number
  /** Milliseconds. @default 300000 (5 minutes) */
  readonly maxAge?: number
}

const MEMORY_EVENT_STORE = {
  maxEvents: whole(10_000),
  maxBytes: whole(16 * 1024 * 1024),
  maxAge: whole(300_000)
} satisfies TableOf<MemoryEventStoreOptions>

/** The `events` option of a cluster in memory. */
export const eventsOption = nested(MEMORY_EVENT_STORE, "must be an object with 'maxEvents', 'maxBytes' or 'maxAge'")

interface Stream {
  readonly id: string
  /** The number of the last event, whether or not it is still stored. */
  last: number
  readonly events: KeptEvent[]
  readonly listeners: Set<(event: StoredEvent) => void>
}

interface KeptEvent extends StoredEvent {
  readonly stream: Stream
  readonly holder: Holder
  readonly bytes: number
  readonly time: number
}

/** A session that has events. */
interface Holder {
  readonly sessionId: string
  // In the order in which they arrived.
  readonly events: Set<KeptEvent>
  bytes: number
}

// Sessions with more than this part of a limit lose their own events before others lose theirs.
const SHARE = 0.1

/**
 * Creates an event store in memory, for one process.
 * @param now The clock, in milliseconds.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function createMemoryEventStore (
  options: MemoryEventStoreOptions = {}, now: () => number = Date.now
): SharedEventStore {
  const { maxEvents, maxBytes, maxAge } = resolve(MEMORY_EVENT_STORE, options)
  // In the order in which they arrived, so that the oldest comes first.
  const kept = new Set<KeptEvent>()
  const streams = new Map<string, Stream>()
  // Streams without events and followers. Only their last numbers are kept, for a while.
  const silent = new Set<Stream>()
  const holders = new Map<string, Holder>()
  // The few sessions that have more than their share.
  const greedy = new Set<Holder>()
  let bytes = 0

  function open (id: string): Stream {
    const stream = streams.get(id) ?? { id, last: 0, events: [], listeners: new Set() }
    streams.set(id, stream)
    silent.delete(stream)
    return stream
  }

  function settle (stream: Stream): void {
    if (stream.events.length > 0 || stream.listeners.size > 0 || streams.get(stream.id) !== stream) return
    silent.add(stream)
    for (const { id } of silent) {
      if (silent.size <= maxEvents) return
      forgetStream(id)
    }
  }

  function forgetStream (id: string): void {
    const stream = streams.get(id)
    if (stream === undefined) return
    for (const event of stream.events.splice(0)) forgetEvent(event)
    stream.last = 0
    if (stream.listeners.size === 0) streams.delete(id)
    silent.delete(stream)
  }

  function holderOf (streamId: string): Holder {
    const sessionId = streamId.slice(0, streamId.indexOf('.'))
    const holder = holders.get(sessionId) ?? { sessionId, events: new Set(), bytes: 0 }
    holders.set(sessionId, holder)
    return holder
  }

  function partOf ({ events, bytes }: Holder): number {
    return Math.max(events.size / maxEvents, bytes / maxBytes)
  }

  function keepEvent (event: KeptEvent): void {
    const { holder } = event
    kept.add(event)
    holder.events.add(event)
    bytes += event.bytes
    holder.bytes += event.bytes
    if (partOf(holder) > SHARE) greedy.add(holder)
  }

  function forgetEvent (event: KeptEvent): void {
    const { holder } = event
    kept.delete(event)
    holder.events.delete(event)
    bytes -= event.bytes
    holder.bytes -= event.bytes
    if (partOf(holder) <= SHARE) greedy.delete(holder)
    if (holder.events.size === 0) holders.delete(holder.sessionId)
  }

  // The first event of its session, and so of its stream.
  function dropEvent (event: KeptEvent): void {
    event.stream.events.shift()
    forgetEvent(event)
    settle(event.stream)
  }

  function isFull (): boolean {
    return kept.size > maxEvents || bytes > maxBytes
  }

  // Finds the events of which the oldest is dropped first.
  function findLoser (): { readonly events: Iterable<KeptEvent> } {
    const [first, ...rest] = greedy
    if (first === undefined) return { events: kept }
    return rest.reduce((most, holder) => partOf(holder) > partOf(most) ? holder : most, first)
  }

  function forgetOverLimits (): void {
    const oldest = now() - maxAge
    for (const event of kept) {
      if (event.time > oldest) break
      dropEvent(event)
    }
    while (isFull()) {
      const [event] = findLoser().events
      if (event !== undefined) dropEvent(event)
    }
  }

  return {
    append (streamId, message) {
      const stream = open(streamId)
      const holder = holderOf(streamId)
      const event = { seq: ++stream.last, message, stream, holder, bytes: Buffer.byteLength(message), time: now() }
      keepEvent(event)
      stream.events.push(event)
      forgetOverLimits()
      for (const listener of stream.listeners) listener({ seq: event.seq, message })
      return event.seq
    },

    read (streamId, afterSeq) {
      forgetOverLimits()
      const { last, events } = streams.get(streamId) ?? { last: 0, events: [] }
      const missed = last - afterSeq
      if (missed < 0 || missed > events.length) return undefined
      return events.slice(events.length - missed).map(({ seq, message }) => ({ seq, message }))
    },

    forget (sessionId) {
      for (const id of streams.keys()) {
        if (id.startsWith(`${sessionId}.`)) forgetStream(id)
      }
    },

    async follow (streamId, listener) {
      const stream = open(streamId)
      // A function of its own, so that the same listener may follow twice.
      const deliver = (event: StoredEvent): void => listener(event)
      stream.listeners.add(deliver)
      return {
        seq: stream.last,
        end () {
          stream.listeners.delete(deliver)
          settle(stream)
        }
      }
    }
  }
}
