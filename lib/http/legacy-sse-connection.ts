// The stream of one session of HTTP+SSE: all that the client is ever told goes by it.
import type { FastifyReply } from 'fastify'
import type { Mount } from '../mount.ts'
import type { SseSession } from '../session/sse-sessions.ts'
import { LastingStream, type StreamEvents } from './lasting-stream.ts'
import type { SseCall } from './legacy-sse-call.ts'

/** The stream of one session, and the requests that are answered by it. */
export class SseConnection extends LastingStream {
  readonly session: SseSession
  readonly #mount: Mount
  readonly #calls = new Set<SseCall>()
  #isEnding = false

  constructor (mount: Mount, session: SseSession, maxBuffered: number, events: StreamEvents) {
    super(mount.streams, maxBuffered, events)
    this.session = session
    this.#mount = mount
  }

  /** How many requests are being served. */
  get running (): number { return this.#calls.size }

  override start (reply: FastifyReply): void {
    reply.raw.on('close', () => { this.#mount.exchanges.delete(this) })
    super.start(reply)
  }

  /** A request is going to be answered. */
  hold (call: SseCall): void {
    this.#calls.add(call)
  }

  /** It has been, or never will be. */
  release (call: SseCall): void {
    this.#calls.delete(call)
    if (this.#isEnding && this.#calls.size === 0) this.end()
  }

  /** The app ends: at once where nothing is served, else with the last answer, for which it waits as for any other. */
  override cut (): void {
    if (this.#calls.size === 0) return this.end()
    if (this.#isEnding) return
    this.#isEnding = true
    this.#mount.streams.delete(this)
    this.#mount.exchanges.add(this)
  }

  /** The token has expired that the stream was opened with. */
  expire (): void {
    for (const call of this.#calls) call.endEarly('The access token has expired', 'open a new stream with a new one')
    this.end()
  }
}
