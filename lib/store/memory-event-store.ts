// An event store in memory.
import { nested, whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import type { SharedEventStore, StoredEvent } from './event-store.ts'
import { OrderedSet } from '../ordered-map.ts'
import { KeptEvents, type KeptEvent } from './kept-events.ts'

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
  readonly sessionId: string
  /** The number of the last event, whether or not it is still stored. */
  last: number
  readonly events: StreamEvent[]
  readonly listeners: Set<(event: StoredEvent) => void>
}

interface StreamEvent extends KeptEvent<StreamEvent> {
  readonly stream: Stream
}

/**
 * Creates an event store in memory, for one process.
 * @param now The clock, in milliseconds.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function createMemoryEventStore (
  options: MemoryEventStoreOptions = {}, now: () => number = Date.now
): SharedEventStore {
  const limits = resolve(MEMORY_EVENT_STORE, options)
  const kept = new KeptEvents<StreamEvent>(limits)
  // By session, and then by id.
  const sessions = new Map<string, Map<string, Stream>>()
  // Streams without events and followers. Only their last numbers are kept, for a while.
  const silent = new OrderedSet<Stream>()

  function find (id: string): Stream | undefined {
    return sessions.get(sessionIdOf(id))?.get(id)
  }

  function open (id: string): Stream {
    const sessionId = sessionIdOf(id)
    const streams = sessions.get(sessionId) ?? new Map<string, Stream>()
    const stream = streams.get(id) ?? { id, sessionId, last: 0, events: [], listeners: new Set() }
    sessions.set(sessionId, streams.set(id, stream))
    silent.delete(stream)
    return stream
  }

  function settle (stream: Stream): void {
    if (stream.events.length > 0 || stream.listeners.size > 0 || find(stream.id) !== stream) return
    silent.add(stream)
    if (silent.size > limits.maxEvents && silent.first !== undefined) forget(silent.first)
  }

  function forget (stream: Stream): void {
    for (const event of stream.events.splice(0)) kept.delete(event)
    stream.last = 0
    silent.delete(stream)
    const streams = sessions.get(stream.sessionId)
    if (stream.listeners.size === 0) streams?.delete(stream.id)
    if (streams?.size === 0) sessions.delete(stream.sessionId)
  }

  function dropSurplus (): void {
    const time = now()
    for (let event = kept.findSurplus(time); event !== undefined; event = kept.findSurplus(time)) {
      // It is the first event of its session, and so of its stream.
      event.stream.events.shift()
      kept.delete(event)
      settle(event.stream)
    }
  }

  return {
    append (streamId, message) {
      const stream = open(streamId)
      const holder = kept.holderOf(stream.sessionId)
      const event = { seq: ++stream.last, message, stream, holder, bytes: Buffer.byteLength(message), time: now() }
      kept.add(event)
      stream.events.push(event)
      dropSurplus()
      for (const listener of stream.listeners) listener({ seq: event.seq, message })
      return event.seq
    },

    read (streamId, afterSeq) {
      dropSurplus()
      const { last, events } = find(streamId) ?? { last: 0, events: [] }
      const missed = last - afterSeq
      if (missed < 0 || missed > events.length) return undefined
      return events.slice(events.length - missed).map(({ seq, message }) => ({ seq, message }))
    },

    forget (sessionId) {
      for (const stream of sessions.get(sessionId)?.values() ?? []) forget(stream)
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

function sessionIdOf (streamId: string): string {
  return streamId.slice(0, streamId.indexOf('.'))
}
