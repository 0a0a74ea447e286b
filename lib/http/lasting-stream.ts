// A reply that stays open: what a client listens to.
import type { FastifyReply } from 'fastify'
import type { OpenExchange, OpenExchanges } from './open-exchanges.ts'
import { SSE_HEADERS, SseStream } from './sse.ts'

/** A reply that stays open until the client leaves or the app ends. */
export class LastingStream extends SseStream implements OpenExchange {
  readonly #open: OpenExchanges
  readonly #onCut: (() => void) | undefined
  #reply: FastifyReply | undefined

  /** @param onCut Says goodbye to the client when the app ends. */
  constructor (open: OpenExchanges, maxBuffered: number, onCut?: () => void) {
    super(maxBuffered)
    this.#open = open
    this.#onCut = onCut
    // One that is cut before it is sent has nobody else to hear of it.
    this.on('error', () => {})
  }

  /** Sends the stream. */
  start (reply: FastifyReply): void {
    this.on('error', (error) => reply.log.warn({ err: error }, error.message))
    // A hook of the app may fail, or send something else in the stream's place.
    reply.raw.once('close', () => { this.destroy(); this.#open.delete(this) })
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
}
