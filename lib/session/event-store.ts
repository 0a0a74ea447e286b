// Events kept for clients whose connection broke: the interface, and a store in memory.

/** One event of a stream. */
export interface StoredEvent {
  /** The event's place in its stream, from 1. */
  readonly seq: number
  /** The message, as JSON. */
  readonly message: string
}

/** Keeps the events of streams, so that a client that comes back gets what it missed. */
export interface EventStore {
  /** Keeps an event; `seq` grows by one with each event of a stream. */
  append (streamId: string, seq: number, message: string): void | Promise<void>
  /** The events of a stream behind `afterSeq`, in order; undefined when `afterSeq` is none of it, or one behind is no longer there. */
  read (streamId: string, afterSeq: number): readonly StoredEvent[] | undefined | Promise<readonly StoredEvent[] | undefined>
  /** Forgets all streams whose ids begin with a prefix, because their session has ended. */
  forget (prefix: string): void | Promise<void>
}

/** The limits of a store in memory. What is over one of them is forgotten, oldest first. */
export interface MemoryEventStoreOptions {
  /** @default 10000 */
  readonly maxEvents?: number
  /** Bytes of all messages. @default 16777216 (16 MiB) */
  readonly maxBytes?: number
  /** Milliseconds. @default 300000 (5 minutes) */
  readonly maxAge?: number
}

interface KeptEvent extends StoredEvent { readonly streamId: string, readonly bytes: number, readonly time: number }

/** An event store in memory, for one process. @param now The clock, in milliseconds. */
export function createMemoryEventStore (
  { maxEvents = 10_000, maxBytes = 16 * 1024 * 1024, maxAge = 300_000 }: MemoryEventStoreOptions = {}, now: () => number = Date.now
): EventStore {
  // In the order of their arrival, which is that of their age.
  const kept = new Set<KeptEvent>()
  const streams = new Map<string, KeptEvent[]>()
  let bytes = 0

  // Events go in the order in which they came, so the one that goes is the first of its stream.
  function forgetEvent (event: KeptEvent): void {
    const events = streams.get(event.streamId)
    events?.shift()
    if (events?.length === 0) streams.delete(event.streamId)
    kept.delete(event)
    bytes -= event.bytes
  }

  function forgetOverLimits (): void {
    const oldest = now() - maxAge
    for (const event of kept) {
      if (kept.size <= maxEvents && bytes <= maxBytes && event.time > oldest) return
      forgetEvent(event)
    }
  }

  return {
    append (streamId, seq, message) {
      const event = { streamId, seq, message, bytes: Buffer.byteLength(message), time: now() }
      kept.add(event)
      bytes += event.bytes
      const events = streams.get(streamId)
      if (events === undefined) streams.set(streamId, [event])
      else events.push(event)
      forgetOverLimits()
    },

    read (streamId, afterSeq) {
      forgetOverLimits()
      const events = streams.get(streamId)
      const [first, last] = [events?.[0], events?.at(-1)]
      if (first === undefined || last === undefined || first.seq > afterSeq + 1 || last.seq < afterSeq) return undefined
      return events?.filter(({ seq }) => seq > afterSeq)
    },

    forget (prefix) {
      for (const event of kept) {
        if (event.streamId.startsWith(prefix)) forgetEvent(event)
      }
    }
  }
}
