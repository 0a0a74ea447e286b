// A reply that stays open: what a client listens to.
import type { FastifyReply } from 'fastify'
import type { OpenExchange, OpenExchanges } from './open-exchanges.ts'
import { SSE_HEADERS, SseStream } from './sse.ts'

/** What a stream tells whoever opened it. */
export interface StreamEvents {
  /** Called when the client has read everything, or never will. */
  readonly onClose?: () => void
  /** Called when the app closes, before the stream ends: the last message may be sent. */
  readonly onCut?: () => void
}

/**
 * A reply that stays open until the client leaves or the app ends. Thousands stay open at once, so each holds as little
 * as possible.
 */
export class LastingStream extends SseStream implements OpenExchange {
  readonly #open: OpenExchanges
  readonly #onCut: (() => void) | undefined
  #reply: FastifyReply | undefined

  constructor (open: OpenExchanges, maxBuffered: number, { onClose, onCut }: StreamEvents = {}) {
    super(maxBuffered, onClose)
    this.#open = open
    this.#onCut = onCut
    this.on('error', this.#warn)
  }

  /** Sends the stream. */
  start (reply: FastifyReply): void {
    // A hook of the app may fail, or send something else in the stream's place.
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

  // A stream that is cut before it is sent has no reply to log with.
  #warn (error: Error): void {
    this.#reply?.log.warn({ err: error }, error.message)
  }
}
