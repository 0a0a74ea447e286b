// The request that a tool call sends through the app's router, without a socket.
// Not `app.inject()`: that one resolves `.` and `..` in paths, and cannot abort a request whose body has been read.
import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { RequestContext } from '../server/call/request-context.ts'
import { InnerResponse, type InnerReceiver, type InnerReply } from './inner-response.ts'

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
    // The response and the router read what both classes have: method, URL, version and headers.
    const raw = request as unknown as IncomingMessage
    const response = new InnerResponse(raw, {
      ...receiving,
      onReply: (reply) => { end(); resolve(reply) },
      onFailure: (error) => { end(); reject(error) }
    })
    const abort = (): void => {
      request.abort()
      response.destroy(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    app.routing(raw, response)
  })
}
