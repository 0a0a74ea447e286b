// The interface of a store of events, for clients whose connection broke.

/** One event of a stream. */
export interface StoredEvent {
  /** The event's number in its stream, from 1. */
  readonly seq: number
  /** The message, as JSON. */
  readonly message: string
}

/**
 * Stores the events of streams, so that a client that resumes a stream gets what it missed. A stream's id is the id of
 * its session, a dot, and a name.
 */
export interface EventStore {
  /**
   * Stores an event and returns its number. The events of a stream are numbered from 1 without gaps, whichever node
   * appends them, also when earlier events have been dropped.
   */
  append (streamId: string, message: string): number | Promise<number>
  /**
   * Returns the events of a stream behind the number `afterSeq`, in order. There are none behind the last event, and
   * none behind 0 in a stream to which nothing was appended. Returns undefined when one of the events is no longer
   * stored, or when no event has had the number `afterSeq` yet.
   */
  read (
    streamId: string, afterSeq: number
  ): readonly StoredEvent[] | undefined | Promise<readonly StoredEvent[] | undefined>
  /** Drops all streams of a session, because it has ended. */
  forget (sessionId: string): void | Promise<void>
}

/** What {@link SharedEventStore.follow} resolves to. */
export interface Following {
  /** The number of the last event when following began; 0 where there was none. */
  readonly seq: number
  /** Ends it: the listener is not called afterwards. */
  end (): void
}

/** An event store that nodes share: each receives the events that the others append. */
export interface SharedEventStore extends EventStore {
  /**
   * Calls a listener with the events of a stream that any node appends; resolves once it has begun. The listener may be
   * called with an event more than once, also with an event of before. Events may be skipped, but not the
   * newest, unless there was an outage. Apart from repeats they come in the order of their numbers, and each can be
   * read when the listener is called.
   */
  follow (streamId: string, listener: (event: StoredEvent) => void): Promise<Following>
}
