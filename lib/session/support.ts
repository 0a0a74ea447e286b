// What a session needs from its home: streams, and a place for its log level and subscriptions. In one process these
// are in memory, in a cluster other nodes share them.
import type { LogLevel } from '../protocol/log-level.ts'
import type { RequestId } from '../protocol/message.ts'
import type { WatchedResources } from '../server/call/incoming.ts'
import type { WatchBudget } from '../notify/watch-budget.ts'
import type { QuestionSink } from './questions.ts'
import type { LocalStream } from './stream/local-stream.ts'
import type { ResumableStream, SessionStream } from './stream/session-stream.ts'
import type { WatchedUris } from './watched-uris.ts'

/** A session, as the support of its home sees it. */
export interface SupportedSession {
  readonly sessionId: string
  readonly protocolVersion: string
  /** Whether the session has ended here. */
  readonly isEnded: boolean
  /** Notes that the client subscribed to a resource, or unsubscribed from it, through another node. */
  noteWatched (uri: string, watches: boolean): void
}

/** The streams of one session. */
export interface SessionStreams {
  /** Whether no client is connected to a stream that keeps the session from being idle. */
  readonly isIdle: boolean
  /** How many streams the client is connected to, through this process. */
  readonly attached: number
  /** The GET stream, if this process sends changes to it. */
  readonly listening: SessionStream | undefined
  /** The sink of questions that the reply to their request cannot carry; undefined if no client listens. */
  readonly questionSink: QuestionSink | undefined
  /** Returns the GET stream; the same one each time. */
  listen (): SessionStream
  /** Sends a message on the GET stream. */
  send (message: string): void
  /** Resolves when the GET stream is open. @throws RpcError if the session has ended. */
  untilListening (signal: AbortSignal): Promise<QuestionSink>
  /** Wakes those that wait for the GET stream. */
  opened (): void
  /** Ends the connection of the GET stream, but not the stream. */
  closeListening (): void
  /** Opens the stream of a reply. @param ids The requests that the reply answers. */
  openReply (ids: readonly RequestId[]): LocalStream
  /** Ends the stream of a reply. Its events stay in the store for a client that missed them. */
  endReply (stream: LocalStream): Promise<void>
  /** Returns a stream by its id, whether or not it exists: resuming a stream that does not exist resolves to false. */
  find (streamId: string): ResumableStream
  /** Ends all streams, because the session has ended. */
  close (): void
}

/** What the sessions of one home share. */
export interface SessionSupport {
  /** The part of the ids of questions before their number. */
  readonly prefix: string
  /** Whether streams outlive their connection, so that the client can resume them. */
  readonly isResumable: boolean
  /** The budget of the URIs that sessions watch. */
  readonly watching: WatchBudget
  /** Creates the streams of a session. Called once, when the first of them is needed. */
  createStreams (session: SupportedSession): SessionStreams
  /** Returns the set that subscribing and unsubscribing changes. @param watched The URIs that the session watches. */
  subscriptionsOf (session: SupportedSession, watched: WatchedUris): WatchedResources
  /** Stores the log level of a session. Returns undefined if there is nothing to wait for. */
  storeLogLevel (session: SupportedSession, level: LogLevel): Promise<void> | undefined
}
