// Server-sent events: frames messages, and streams them to one client.
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { escapeLineBreaks } from '../../protocol/encode.ts'
import type { EventSink } from '../../session/stream/session-stream.ts'
import { messages } from '../../telemetry/channels.ts'
import { publishHttpMessage } from './http-events.ts'

/** The headers of an event stream. The last two keep proxies from buffering events. */
export const SSE_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no'
})

const END = '\n\n'

/** Frames one message as an event. JSON text has no line breaks, so one `data` line is enough. */
export function frameMessage (json: string, id?: string): string {
  return headOf(id) + escapeLineBreaks(json) + END
}

function headOf (id: string | undefined): string {
  return id === undefined ? 'event: message\ndata: ' : `event: message\nid: ${id}\ndata: `
}

/** Frames an event without a message: it gives a client the id to resume from, and the milliseconds to wait before. */
export function framePriming (id: string, retry: number | undefined): string {
  return retry === undefined ? `id: ${id}\ndata: \n\n` : `id: ${id}\nretry: ${retry}\ndata: \n\n`
}

/** Frames the first event of HTTP+SSE: the URL for the client's messages (MCP 2024-11-05 transports, HTTP with SSE). */
export function frameEndpoint (url: string): string {
  return `event: endpoint\ndata: ${url}\n\n`
}

/** Frames a comment, which keeps a connection open. Clients ignore it. */
export function frameComment (text: string): string {
  return `: ${text}\n\n`
}

// A longer message is framed in pieces, because a single text could exceed the maximum length of a string.
const LONGEST_FRAME = 2 ** 24

// Every stream begins with this comment, so that its headers are sent at once.
const OPENING = frameComment('open')

/** What a stream knows of its request, and its end. */
export interface StreamSettings {
  /** The request that opened the stream, for events. */
  readonly request?: FastifyRequest
  /** Called when the client has read everything or has left. It costs less than a listener of 'close'. */
  readonly onClose?: () => void
}

/** A stream of messages to one client. */
export class SseStream extends Readable implements EventSink {
  readonly #maxBuffered: number
  readonly #request: FastifyRequest | undefined
  readonly #onClose: (() => void) | undefined
  // The first chunk, which collects frames until it is pushed; undefined afterwards.
  #first: string | undefined = OPENING
  #firstBytes = OPENING.length
  #isRead = false
  // Bytes of a long message sent in pieces that have not been read yet.
  #longBytes = 0
  #waiting: Array<() => void> | undefined
  #ended = false

  /** @param maxBuffered How many bytes a client may leave unread. Beyond that, the stream is cut. */
  constructor (maxBuffered: number, { request, onClose }: StreamSettings = {}) {
    super()
    this.#maxBuffered = maxBuffered
    this.#request = request
    this.#onClose = onClose
  }

  /** How many bytes the connection has not taken yet. */
  get unread (): number {
    return this.#first === undefined ? this.readableLength : this.#firstBytes
  }

  /** Sends one message. @param id The event id, from which a client can resume after the message. */
  send (json: string, id?: string): void {
    if (this.#mayWrite()) this.#addMessage(json, id)
  }

  /** Sends a message that a client has missed. Any number may be buffered, because the client is not to blame. */
  replay (json: string, id: string): void {
    if (!this.destroyed && !this.#ended) this.#addMessage(json, id)
  }

  prime (id: string, retry: number | undefined): void {
    this.#write(framePriming(id, retry))
  }

  /** Sends the client of HTTP+SSE the URL for its messages. */
  direct (url: string): void {
    this.#write(frameEndpoint(url))
  }

  /** Sends a comment, which keeps the connection open. */
  keepAlive (): void {
    this.#write(frameComment('keep-alive'))
  }

  /** Ends the stream once everything has been read. */
  end (): void {
    if (!this.destroyed && !this.#ended && this.#first === undefined) this.push(null)
    this.#ended = true
  }

  /** Resolves when the client has read enough for more to be sent, or has left. */
  drained (): Promise<void> {
    if (this.destroyed || this.unread < this.readableHighWaterMark) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting ??= []
      this.#waiting.push(resolve)
    })
  }

  /** @internal Called when the client can take more. */
  override _read (): void {
    if (this.#first === undefined) return this.#release()
    this.#isRead = true
    if (this.#firstBytes >= this.readableHighWaterMark) this.#pushFirst()
    else queueMicrotask(() => process.nextTick(() => this.#pushFirst()))
  }

  /** @internal */
  override _destroy (error: Error | null, callback: (error: Error | null) => void): void {
    this.#release()
    this.#onClose?.()
    callback(error)
  }

  #write (frame: string): void {
    if (this.#mayWrite()) this.#add(frame)
  }

  // Only bytes that are already buffered count, not the new frame, nor the pieces of a long message: the client is not
  // to blame for the length of a message.
  #mayWrite (): boolean {
    if (this.destroyed || this.#ended) return false
    this.#longBytes = Math.min(this.#longBytes, this.readableLength)
    if (this.unread - this.#longBytes <= this.#maxBuffered) return true
    this.destroy(new Error(`stream cut: its client left more than ${this.#maxBuffered} bytes unread`))
    return false
  }

  #addMessage (json: string, id: string | undefined): void {
    if (messages.hasSubscribers) publishHttpMessage(this.#request, 'out', json)
    if (json.length <= LONGEST_FRAME) return this.#add(frameMessage(json, id))
    this.#pushFirst()
    this.push(headOf(id))
    for (const piece of piecesOf(json, LONGEST_FRAME)) this.push(escapeLineBreaks(piece))
    this.push(END)
    this.#longBytes = this.readableLength
  }

  #add (frame: string): void {
    if (this.#first === undefined) {
      this.push(frame)
    } else {
      this.#first += frame
      this.#firstBytes += Buffer.byteLength(frame)
      // A long chunk is pushed at once, so that it does not count as unread.
      if (this.#isRead && this.#firstBytes >= this.readableHighWaterMark) this.#pushFirst()
    }
  }

  // Called when the handler has sent everything that it did not have to wait for. Eleven messages then make one chunk
  // and one write to the socket, instead of twelve and two. That saves a fifth of the CPU time of such a request.
  #pushFirst (): void {
    const first = this.#first
    this.#first = undefined
    if (first === undefined || this.destroyed) return
    this.push(first)
    if (this.#ended) this.push(null)
  }

  #release (): void {
    for (const resolve of this.#waiting?.splice(0) ?? []) resolve()
  }
}

// No piece ends inside a surrogate pair, because each half would be encoded as a character of its own.
function * piecesOf (text: string, length: number): Generator<string> {
  for (let start = 0; start < text.length;) {
    const end = start + length
    const isPair = (text.codePointAt(end - 1) ?? 0) > 0xFFFF
    yield text.slice(start, isPair ? end + 1 : end)
    start = isPair ? end + 1 : end
  }
}
