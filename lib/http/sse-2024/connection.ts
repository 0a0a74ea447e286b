// The stream of one session of HTTP+SSE: all that the client is ever told goes by it.
import type { FastifyReply } from 'fastify'
import type { Session } from '../../session/session.ts'
import { LastingStream, type StreamEvents } from '../reply/lasting-stream.ts'
import type { MountParts } from '../parts.ts'

/** A request that is answered by the stream of its session. */
interface StreamedCall {
  /** Answers in the place of the handler, which is waited for no longer. */
  endEarly (reason: string, advice: string): void
}

/** The stream of one session, and the requests that are answered by it. */
export class SseConnection extends LastingStream {
  readonly session: Session
  readonly #parts: MountParts
  readonly #calls = new Set<StreamedCall>()
  #isEnding = false

  constructor (parts: MountParts, session: Session, events: StreamEvents) {
    super(parts.streams, parts.options.maxBuffered, events)
    this.session = session
    this.#parts = parts
  }

  /** How many requests are being served. */
  get running (): number { return this.#calls.size }

  override start (reply: FastifyReply): void {
    reply.raw.on('close', () => { this.#parts.exchanges.delete(this) })
    super.start(reply)
  }

  /** A request is going to be answered. */
  hold (call: StreamedCall): void {
    this.#calls.add(call)
  }

  /** It has been, or never will be. */
  release (call: StreamedCall): void {
    this.#calls.delete(call)
    if (this.#isEnding && this.#calls.size === 0) this.end()
  }

  /** The app ends: at once where nothing is served, else with the last answer, for which it waits as for any other. */
  override cut (): void {
    if (this.#calls.size === 0) return this.end()
    if (this.#isEnding) return
    this.#isEnding = true
    this.#parts.streams.delete(this)
    this.#parts.exchanges.add(this)
  }

  /** The token has expired that the stream was opened with. */
  expire (): void {
    for (const call of this.#calls) call.endEarly('The access token has expired', 'open a new stream with a new one')
    this.end()
  }
}
