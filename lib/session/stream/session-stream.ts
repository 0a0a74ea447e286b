// The streams of a session, as the handlers of its requests see them.
import type { EventStorage } from './writer.ts'

/** A connection that events are sent over. */
export interface EventSink {
  /** Sends an event. @param id The id that the client resumes with; absent for an event that is not stored. */
  send (message: string, id?: string): void
  /** Sends a stored event to a client that has missed it. */
  replay (message: string, id: string): void
  /** Tells the client how to resume: behind which event, and after how many milliseconds. */
  prime (id: string, retry: number | undefined): void
  /** Resolves when the client has read enough for more to be sent, or has gone. */
  drained (): Promise<void>
  end (): void
}

/** How the streams of a session are resumed. */
export interface Resumption extends EventStorage {
  /** Milliseconds after which a client may come back. */
  readonly retryInterval: number | undefined
  /** Whether the session's revision has priming events (2025-11-25 has, earlier clients trip over them). */
  readonly primes: boolean
}

/** What a stream has to do with other nodes, any of which its client may resume it on. */
export interface StreamSharing {
  /** Resolves when the client may learn of the stream. When it rejects, nothing is stored. */
  readonly opening: Promise<void>
  /** Ends the connections to other nodes. Resolves to false when the client has connected to one of them since. */
  readonly claim: () => Promise<boolean>
}

/** A stream that a client can resume. */
export interface ResumableStream {
  readonly id: string
  /**
   * Connects a client that has seen the stream up to an event, and begins to send it the rest. Resolves to false, and
   * changes nothing, when an event that the client has missed is no longer stored.
   */
  resume (sink: EventSink, afterSeq: number): Promise<boolean>
  /** Disconnects a client that has gone. */
  detach (sink: EventSink): void
}

/** A stream that messages are sent to. */
export interface SessionStream extends ResumableStream {
  /** Whether a client is connected. */
  readonly isAttached: boolean
  /** Sends a message. While no client is connected, the message waits in the store, if there is one. */
  send (message: string): void
  /** Connects a client that gets what is sent from now on. The client that was connected before is disconnected. */
  attach (sink: EventSink): void | Promise<void>
  /** Ends the connection but not the stream: the client is to resume it. Does nothing where the client could not. */
  pause (): void
  /** Ends the connection, because the client has another one. */
  release (): void
}
