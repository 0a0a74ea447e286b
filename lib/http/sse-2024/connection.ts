// The stream of one session of HTTP+SSE, which carries every message to the client.
import type { FastifyReply } from 'fastify'
import type { Session } from '../../session/session.ts'
import { LastingStream, type LastingStreamSettings } from '../reply/lasting-stream.ts'
import type { MountParts } from '../parts.ts'

/** A request that is answered on the stream of its session. */
interface StreamedCall {
  /** Answers with an error before the handler has ended. */
  endEarly (reason: string, advice: string): void
}

/** The stream of one session, and the requests that are answered on it. */
export class SseConnection extends LastingStream {
  readonly session: Session
  readonly #parts: MountParts
  readonly #calls = new Set<StreamedCall>()
  #isEnding = false

  constructor (parts: MountParts, session: Session, settings: LastingStreamSettings) {
    super(parts.streams, parts.options.maxBuffered, settings)
    this.session = session
    this.#parts = parts
  }

  /** How many requests are being served. */
  get running (): number { return this.#calls.size }

  override start (reply: FastifyReply): void {
    reply.raw.on('close', () => { this.#parts.exchanges.delete(this) })
    super.start(reply)
  }

  /** Adds a request that is being served. */
  hold (call: StreamedCall): void {
    this.#calls.add(call)
  }

  /** Removes a request that has been answered or cancelled. */
  release (call: StreamedCall): void {
    this.#calls.delete(call)
    if (this.#isEnding && this.#calls.size === 0) this.end()
  }

  /**
   * Ends the stream because the app closes: at once if no request is being served, else after the last answer. Until
   * then the stream counts as an exchange, so closing the app waits for it.
   */
  override cut (): void {
    if (this.#calls.size === 0) return this.end()
    if (this.#isEnding) return
    this.#isEnding = true
    this.#parts.streams.delete(this)
    this.#parts.exchanges.add(this)
  }

  /** Ends the stream because its access token has expired. */
  expire (): void {
    for (const call of this.#calls) call.endEarly('The access token has expired', 'open a new stream with a new one')
    this.end()
  }
}
