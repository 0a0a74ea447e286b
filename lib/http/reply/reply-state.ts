// The requests that an exchange answers, and the state of its reply.
import type { RequestId } from '../../protocol/message.ts'
import type { QuestionSink } from '../../session/questions.ts'
import type { Session } from '../../session/session.ts'
import type { LocalStream } from '../../session/stream/local-stream.ts'
import type { SseStream } from './sse.ts'

/** The requests that a reply answers, and the session of their client. */
export interface Awaited {
  /** The id of one request, or the ids of the requests of a batch. */
  readonly id: RequestId | readonly RequestId[]
  /** How many answers a batch gets: one for each request, and one for each message that is refused. */
  readonly answers?: number
  readonly session?: Session | undefined
}

/** The state of a reply. It only ever moves on to a later state. */
export type ReplyState = Unbegun | Streaming | Over

/** Nothing has been sent. */
export interface Unbegun {
  readonly kind: 'unbegun'
  /** The answers to a batch so far. */
  readonly answers: string[]
}

/** The reply is a stream of messages. */
export interface Streaming {
  readonly kind: 'streaming'
  readonly sse: SseStream
  /** Stores the messages for a client that resumes; undefined if no client can resume. */
  readonly events: LocalStream | undefined
  /** Where messages are written: to `events`, or to the stream itself if there are none. */
  readonly sink: QuestionSink & Pick<SseStream, 'drained'>
}

/** No more messages will be sent: every request has been answered, or the client no longer waits. */
export interface Over {
  readonly kind: 'over'
  /** The stream, which the client may still be reading; undefined if the reply is not a stream. */
  readonly stream: Streaming | undefined
}

// Most exchanges answer one request with a body, so they share these objects instead of allocating states of their own.

/** The first state of a reply to one request. */
export const UNBEGUN: Unbegun = Object.freeze({ kind: 'unbegun', answers: [] })

/** The last state of a reply that is not a stream. */
export const OVER: Over = Object.freeze({ kind: 'over', stream: undefined })
