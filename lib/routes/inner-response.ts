// The reply to an inner request: what its route writes, without a socket.
import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse, type IncomingMessage } from 'node:http'

/** The reply to an inner request. */
export interface InnerReply {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

/** The body of a reply exceeds its limit. */
export class TooLongError extends Error {
  override readonly name = 'TooLongError'
}

/** Receives the reply to an inner request. */
export interface InnerReceiver {
  /** Bytes that the body may have. */
  readonly maxLength: number
  /**
   * Called with each part of the body as it is written, and the type of the whole. The route writes no more until the
   * promise that it returns has resolved.
   */
  readonly onChunk?: ((chunk: Buffer, type: string) => Promise<unknown> | undefined) | undefined
  readonly onReply: (reply: InnerReply) => void
  readonly onFailure: (error: Error) => void
}

/** The sending side, which Fastify's handlers find as `reply.raw`. It keeps all bytes that are written. */
export class InnerResponse extends ServerResponse<IncomingMessage> {
  readonly #chunks: Buffer[] = []
  readonly #receive: InnerReceiver
  #length = 0

  constructor (request: IncomingMessage, receive: InnerReceiver) {
    super(request)
    this.#receive = receive
    // Node's own is a getter that reads the text of the headers, which does not exist here.
    Object.defineProperty(this, 'headersSent', { value: false, writable: true })
  }

  override writeHead (
    status: number,
    reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[]
  ): this {
    this.statusCode = status
    const given = typeof reason === 'string' ? headers : headers ?? reason
    for (const [name, value] of listHeaders(given)) if (value !== undefined) this.setHeader(name, value)
    Object.assign(this, { headersSent: true })
    return this
  }

  override flushHeaders (): void {
    if (!this.headersSent) this.writeHead(this.statusCode)
  }

  override write (chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    this.flushHeaders()
    const bytes = Buffer.isBuffer(chunk) || chunk instanceof Uint8Array
      ? Buffer.from(chunk)
      : Buffer.from(String(chunk), typeof encoding === 'string' ? encoding as BufferEncoding : 'utf8')
    const done = [encoding, callback].find((one) => typeof one === 'function')
    if (done !== undefined) process.nextTick(done as () => void)
    this.#length += bytes.length
    if (this.destroyed || this.writableEnded) return true
    if (this.#length > this.#receive.maxLength) {
      const problem = `the reply is longer than ${this.#receive.maxLength} bytes`
      return this.destroy(new TooLongError(problem)).writableEnded
    }
    this.#chunks.push(bytes)
    const taken = this.#receive.onChunk?.(bytes, String(this.getHeader('content-type') ?? ''))
    if (taken === undefined) return true
    taken.then(() => this.emit('drain'), (error: unknown) => this.destroy(toError(error)))
    return false
  }

  override end (chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    if (this.finished || this.destroyed) return this
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') {
      // A callback that stands here is called once, at the end.
      this.write(chunk, typeof encoding === 'string' ? encoding : undefined)
    }
    if (this.destroyed) return this
    this.flushHeaders()
    this.finished = true
    this.emit('prefinish')
    const done = [chunk, encoding, callback].find((one) => typeof one === 'function')
    process.nextTick(() => {
      this.emit('finish')
      // Node's own types have no function among them.
      if (done !== undefined) (done as () => void)()
      this.#close()
      this.#receive.onReply({ status: this.statusCode, headers: this.getHeaders(), body: this.#join() })
    })
    return this
  }

  override destroy (error?: Error): this {
    if (this.destroyed) return this
    this.#receive.onFailure(error ?? new Error('the route closed the connection before it had replied'))
    process.nextTick(() => this.#close())
    this.destroyed = true
    return this
  }

  #close (): void {
    this.destroyed = true
    this.emit('close')
  }

  #join (): Buffer {
    const [first = Buffer.alloc(0), ...others] = this.#chunks
    return others.length === 0 ? first : Buffer.concat(this.#chunks)
  }
}

function toError (error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function listHeaders (
  headers: OutgoingHttpHeaders | OutgoingHttpHeader[] = {}
): ReadonlyArray<readonly [string, OutgoingHttpHeader | undefined]> {
  if (!Array.isArray(headers)) return Object.entries(headers)
  return headers.flatMap((name, index) => index % 2 === 0 ? [[String(name), headers[index + 1]] as const] : [])
}
