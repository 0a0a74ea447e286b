// What a session needs of the home that it lives in: in one process it is done at once, in a cluster with other nodes.
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
  /** Takes note that the client watches a resource, or does so no longer, as another node has been told. */
  noteWatched (uri: string, watches: boolean): void
}

/** The streams of one session. */
export interface SessionStreams {
  /** Whether no client is connected to a stream that keeps the session from being idle. */
  readonly isIdle: boolean
  /** The GET stream, where changes are sent to it by this process. */
  readonly listening: SessionStream | undefined
  /** Where a question goes that cannot go by the reply to its request; undefined where no client listens. */
  readonly questionSink: QuestionSink | undefined
  /** Returns the GET stream; the same one each time. */
  listen (): SessionStream
  /** Sends a message by the GET stream. */
  send (message: string): void
  /** Resolves when the GET stream is open. @throws RpcError when the session has ended. */
  untilListening (signal: AbortSignal): Promise<QuestionSink>
  /** Wakes whoever waits for the GET stream. */
  opened (): void
  /** Ends the connection of the GET stream, but not the stream. */
  closeListening (): void
  /** Opens the stream of a reply. @param ids The requests that the reply answers. */
  openReply (ids: readonly RequestId[]): LocalStream
  /** Ends the stream of a reply; what it sent stays in the store for a client that missed it. */
  endReply (stream: LocalStream): Promise<void>
  /** Finds a stream, whether or not this process knows it; whether it exists shows when it is resumed. */
  find (streamId: string): ResumableStream
  /** Ends all streams, because the session has ended. */
  close (): void
}

/** What sessions need of the home that they live in. */
export interface SessionSupport {
  /** What the ids of questions begin with, before their number. */
  readonly prefix: string
  /** Whether streams go on without a connection. */
  readonly isResumable: boolean
  /** Counts the URIs that sessions watch. */
  readonly watching: WatchBudget
  /** Creates the streams of a session. Called once, when the first of them is needed. */
  createStreams (session: SupportedSession): SessionStreams
  /** Returns what a client changes when it subscribes to resources. @param watched What the session watches. */
  subscriptionsOf (session: SupportedSession, watched: WatchedUris): WatchedResources
  /** Stores the log level of a session; undefined where nothing has to be awaited. */
  storeLogLevel (session: SupportedSession, level: LogLevel): Promise<void> | undefined
}
