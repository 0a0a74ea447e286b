// Events kept for clients whose connection broke: the interface, and a store in memory.
import { nested, whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'

/** One event of a stream. */
export interface StoredEvent {
  /** The event's place in its stream, from 1. */
  readonly seq: number
  /** The message, as JSON. */
  readonly message: string
}

/**
 * Keeps the events of streams, so that a client that comes back gets what it missed. A stream's id is that of its session,
 * a dot, and a name.
 */
export interface EventStore {
  /**
   * Keeps an event; comes to its number. The first of a stream is 1, and each next one has one more, whoever appends it,
   * also when those before have been forgotten meanwhile.
   */
  append (streamId: string, message: string): number | Promise<number>
  /**
   * The events of a stream behind `afterSeq`, in order. None when there are none behind it, as behind 0 in a stream to
   * which nothing was appended; undefined when one behind it is no longer there, or `afterSeq` is yet to come.
   */
  read (streamId: string, afterSeq: number): readonly StoredEvent[] | undefined | Promise<readonly StoredEvent[] | undefined>
  /** Forgets all streams of a session, because it has ended. */
  forget (sessionId: string): void | Promise<void>
}

/** What {@link SharedEventStore.follow} resolves to. */
export interface Following {
  /** The number of the last event when following began; 0 where there was none. */
  readonly seq: number
  /** Ends it: the listener is not called afterwards. */
  end (): void
}

/** An event store that nodes share: each hears of what the others append. */
export interface SharedEventStore extends EventStore {
  /**
   * Calls a listener with the events of a stream that any node appends; resolves once it has begun. The listener may be called
   * with an event more than once, also with one that was there before. Events may be skipped, but not the newest, unless the
   * store was away. Apart from repeats they come in the order of their numbers, and each can be read when the listener is called.
   */
  follow (streamId: string, listener: (event: StoredEvent) => void): Promise<Following>
}

/**
 * The limits of a store in memory. Events beyond `maxAge` are forgotten. Beyond `maxEvents` or `maxBytes` the session that has most
 * loses its oldest events, as long as one has more than a tenth of either limit; otherwise the oldest events of all go.
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
  /** The number of the last event, kept or not. */
  last: number
  readonly events: KeptEvent[]
  readonly listeners: Set<(event: StoredEvent) => void>
}

interface KeptEvent extends StoredEvent { readonly stream: Stream, readonly holder: Holder, readonly bytes: number, readonly time: number }

/** A session that has events. */
interface Holder {
  readonly sessionId: string
  // In the order of their arrival.
  readonly events: Set<KeptEvent>
  bytes: number
}

// Sessions that have more than this part of a limit lose their own events before those of others go.
const SHARE = 0.1

/**
 * Creates an event store in memory, for one process.
 * @param now The clock, in milliseconds.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function createMemoryEventStore (options: MemoryEventStoreOptions = {}, now: () => number = Date.now): SharedEventStore {
  const { maxEvents, maxBytes, maxAge } = resolve(MEMORY_EVENT_STORE, options)
  // In the order of their arrival, which is that of their age.
  const kept = new Set<KeptEvent>()
  const streams = new Map<string, Stream>()
  // Of which no event is left and nobody hears: only their numbers are known, for a while.
  const silent = new Set<Stream>()
  const holders = new Map<string, Holder>()
  // Those that have more than their share, which are few.
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

  // Whose oldest event goes first.
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
      const event = { seq: ++stream.last, message, stream, holder: holderOf(streamId), bytes: Buffer.byteLength(message), time: now() }
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
      return missed < 0 || missed > events.length ? undefined : events.slice(events.length - missed).map(({ seq, message }) => ({ seq, message }))
    },

    forget (sessionId) {
      for (const id of streams.keys()) {
        if (id.startsWith(`${sessionId}.`)) forgetStream(id)
      }
    },

    async follow (streamId, listener) {
      const stream = open(streamId)
      // Of its own, so that the same function may follow twice.
      const tell = (event: StoredEvent): void => listener(event)
      stream.listeners.add(tell)
      return {
        seq: stream.last,
        end () {
          stream.listeners.delete(tell)
          settle(stream)
        }
      }
    }
  }
}
