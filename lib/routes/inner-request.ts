// The request that a tool call sends through the app's router: the two sides of an HTTP request without a socket.
// Not `app.inject()`: that one resolves `.` and `..` in paths, and cannot abort a request whose body has been read.
import { EventEmitter } from 'node:events'
import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { RequestContext } from '../server/call/request-context.ts'

/** The headers of a request, by their names in lower case. */
export interface InnerHeaders { [name: string]: string }

/** The parts of an inner request. */
export interface InnerInit {
  readonly method: string
  /** The path with its query string. */
  readonly url: string
  readonly headers: InnerHeaders
  readonly body: string | undefined
  /** The context of the call that sends the request. */
  readonly ctx: RequestContext
}

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

// The address of the client, and nothing to read or write. Hooks of the app may listen to its events.
class InnerSocket extends EventEmitter {
  readonly remoteAddress: string
  readonly encrypted: boolean
  readonly readable = true
  readonly writable = true
  readonly writableLength = 0
  destroyed = false

  constructor ({ request }: RequestContext) {
    super()
    this.remoteAddress = request?.ip ?? '127.0.0.1'
    this.encrypted = request?.protocol === 'https'
  }

  setTimeout (): this { return this }
  setKeepAlive (): this { return this }
  setNoDelay (): this { return this }
  destroy (): this {
    this.destroyed = true
    return this
  }
}

/** The receiving side, which Fastify's handlers find as `request.raw`. */
export class InnerRequest extends Readable {
  readonly httpVersion = '1.1'
  readonly httpVersionMajor = 1
  readonly httpVersionMinor = 1
  readonly trailers = {}
  readonly method: string
  readonly headers: InnerHeaders
  readonly socket: InnerSocket
  /** The context of the call that sends the request. */
  readonly ctx: RequestContext
  aborted = false
  complete = false
  /** Whether the router has found the route. */
  isRouted = false
  #url: string
  #body: string | undefined

  constructor ({ method, url, headers, body, ctx }: InnerInit) {
    // What listens to 'close' waits for the end of the reply, and not for that of the body.
    super({ autoDestroy: false })
    this.method = method
    this.#url = url
    this.headers = headers
    this.socket = new InnerSocket(ctx)
    this.ctx = ctx
    this.#body = body
  }

  /**
   * The path and the query. The `rewriteUrl` of an app does not change them: it is for URLs of clients, and this one
   * is that of a route. Hooks may.
   */
  get url (): string { return this.#url }

  set url (url: string) {
    if (this.isRouted) this.#url = url
  }

  /** The headers, names and values in turn. */
  get rawHeaders (): string[] { return Object.entries(this.headers).flat() }

  /** The older name of `socket`. */
  get connection (): InnerSocket { return this.socket }

  setTimeout (): this { return this }

  override _read (): void {
    if (this.#body !== undefined) this.push(this.#body)
    this.#body = undefined
    this.complete = true
    this.push(null)
  }

  /** Ends the request as a client does that goes away. */
  abort (): void {
    this.aborted = true
    this.emit('aborted')
    this.destroy()
  }
}

/** The sending side, which Fastify's handlers find as `reply.raw`. It keeps all bytes that are written. */
class InnerResponse extends ServerResponse<IncomingMessage> {
  readonly #chunks: Buffer[] = []
  readonly #receive: InnerReceiver
  #length = 0

  constructor (request: InnerRequest, receive: InnerReceiver) {
    // The constructor reads the method and the version of HTTP.
    super(request as unknown as IncomingMessage)
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

/** Receives the reply to an inner request. */
interface InnerReceiver {
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

/** Handles the reply while it is being written. */
export interface Receiving extends Pick<InnerReceiver, 'maxLength' | 'onChunk'> {
  /** Aborts the request. */
  readonly signal: AbortSignal
}

/**
 * Sends a request through the router of an app, as if it had come over HTTP.
 * @throws TooLongError when the reply exceeds its limit, or the reason of the signal.
 */
export function sendInner (
  app: FastifyInstance, init: InnerInit, { signal, ...receiving }: Receiving
): Promise<InnerReply> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const request = new InnerRequest(init)
    const end = (): void => {
      signal.removeEventListener('abort', abort)
      request.destroy()
    }
    const response = new InnerResponse(request, {
      ...receiving,
      onReply: (reply) => { end(); resolve(reply) },
      onFailure: (error) => { end(); reject(error) }
    })
    const abort = (): void => {
      request.abort()
      response.destroy(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    // The router reads what both classes have: method, URL and headers.
    app.routing(request as unknown as IncomingMessage, response)
  })
}
