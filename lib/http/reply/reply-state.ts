// What an exchange has to answer, and what its reply is at a moment.
import type { RequestId } from '../../protocol/message.ts'
import type { QuestionSink } from '../../session/questions.ts'
import type { Session } from '../../session/session.ts'
import type { LocalStream } from '../../session/stream/local-stream.ts'
import type { SseStream } from './sse.ts'

/** What a reply answers, and the session of the client that asks. */
export interface Awaited {
  /** The id of one request, or the ids of the requests of a batch. */
  readonly id: RequestId | readonly RequestId[]
  /** How many answers a batch gets: one for each request, and one for each message of it that is refused. */
  readonly answers?: number
  readonly session?: Session | undefined
}

/** What a reply is at a moment. It goes from one state to a later one, and never back. */
export type ReplyState = Unbegun | Streaming | Over

/** Nothing has been sent. */
export interface Unbegun {
  readonly kind: 'unbegun'
  /** The answers that a batch has so far. */
  readonly answers: string[]
}

/** The reply is a stream of messages. */
export interface Streaming {
  readonly kind: 'streaming'
  readonly sse: SseStream
  /** Stores the messages for a client that resumes; undefined where none can. */
  readonly events: LocalStream | undefined
  /** What messages are written to: the events, or the stream where there are none. */
  readonly sink: QuestionSink & Pick<SseStream, 'drained'>
}

/** Nothing more will be said: all is answered, or nobody waits any longer. */
export interface Over {
  readonly kind: 'over'
  /** What the client may still be reading; undefined where the reply is no stream. */
  readonly stream: Streaming | undefined
}

// Most exchanges answer one request with a body, and need no object of their own for their state.

/** The first state of a reply to one request. */
export const UNBEGUN: Unbegun = Object.freeze({ kind: 'unbegun', answers: [] })

/** The last state of a reply that is no stream. */
export const OVER: Over = Object.freeze({ kind: 'over', stream: undefined })
