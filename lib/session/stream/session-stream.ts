// The streams of a session, as the handlers of its requests see them.
import type { EventStorage } from './writer.ts'

/** A connection that events are sent over. */
export interface EventSink {
  /** Sends an event. @param id The id that the client resumes with; absent for an event that is not stored. */
  send (message: string, id?: string): void
  /** Sends a stored event to a client that has missed it. */
  replay (message: string, id: string): void
  /** Sends the priming event. @param retry Milliseconds that the client waits before it resumes. */
  prime (id: string, retry: number | undefined): void
  /** Resolves when the client has read enough for more to be sent, or has gone. */
  drained (): Promise<void>
  end (): void
}

/** How the streams of a session are resumed. */
export interface Resumption extends EventStorage {
  /** Milliseconds that a disconnected client waits before it resumes. */
  readonly retryInterval: number | undefined
  /** Whether the session's revision has priming events. 2025-11-25 has them; earlier clients fail on them. */
  readonly primes: boolean
}

/** The link of a stream to the other nodes, on any of which its client may resume it. */
export interface StreamSharing {
  /** Resolves when other nodes can find the stream, so that the client may resume. If it rejects, nothing is stored. */
  readonly opening: Promise<void>
  /** Ends connections on other nodes. Resolves to false if the client has connected to another node since. */
  readonly claim: () => Promise<boolean>
}

/** A stream that a client can resume. */
export interface ResumableStream {
  readonly id: string
  /**
   * Connects a client that has seen the stream up to an event, and begins to send it the rest. Resolves to false, and
   * changes nothing, if an event that the client missed is no longer stored.
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
  /** Connects a client to messages sent from now on. The client that was connected before is disconnected. */
  attach (sink: EventSink): void | Promise<void>
  /** Ends the connection but not the stream, which the client resumes. Does nothing if the client could not resume. */
  pause (): void
  /** Ends the connection, because the client has another one. */
  release (): void
}
