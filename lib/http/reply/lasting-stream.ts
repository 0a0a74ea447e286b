// A reply that stays open: the stream that a client listens to.
import type { FastifyReply } from 'fastify'
import type { OpenExchange, OpenExchanges } from './open-exchanges.ts'
import { SSE_HEADERS, SseStream, type StreamSettings } from './sse.ts'

/** What a stream knows of its request, and its events. */
export interface LastingStreamSettings extends StreamSettings {
  /** Called before the server ends the stream, when a last message can still be sent. */
  readonly onCut?: () => void
}

/**
 * A reply that stays open until the client leaves or the app closes. Thousands stay open at once, so each holds as
 * little as possible.
 */
export class LastingStream extends SseStream implements OpenExchange {
  readonly #open: OpenExchanges
  readonly #onCut: (() => void) | undefined
  #reply: FastifyReply | undefined

  constructor (open: OpenExchanges, maxBuffered: number, { onCut, ...settings }: LastingStreamSettings = {}) {
    super(maxBuffered, settings)
    this.#open = open
    this.#onCut = onCut
    this.on('error', this.#warn)
  }

  get unreadBytes (): number { return this.unread + (this.#reply?.raw.writableLength ?? 0) }

  /** Sends the stream. */
  start (reply: FastifyReply): void {
    // An onSend hook of the app may fail or replace the stream. The stream is then never read, so destroy it.
    reply.raw.on('close', () => { this.destroy(); this.#open.delete(this) })
    this.#reply = reply
    this.#open.add(this)
    reply.headers(SSE_HEADERS).send(this)
  }

  beat (): void {
    this.keepAlive()
  }

  cut (): void {
    this.#onCut?.()
    this.end()
  }

  abort (): void {
    this.#reply?.raw.destroy()
  }

  // A stream that is cut before `start` has no reply, and so no logger.
  #warn (error: Error): void {
    this.#reply?.log.warn({ err: error }, error.message)
  }
}
