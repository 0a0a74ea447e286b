// Implements fetch() over app.inject(), so that requests reach an app without a port.
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import type { FastifyInstance, HTTPMethods, InjectOptions, LightMyRequestResponse } from 'fastify'
import { sendAsPage } from './browser.ts'

/** The function that {@link injectFetch} returns: a `fetch` for any client transport. */
export type InjectFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** Options of {@link injectFetch}. */
export interface InjectFetchOptions {
  /** Headers that are added to every request that does not have them. @default none */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The origin of the page that sends the requests, such as `https://app.example.com`. The CORS rules of browsers then
   * apply: preflights are sent, and if the page may not read a reply, the promise rejects with a {@link RefusedError}
   * that names the missing header.
   * @default none: no browser
   */
  readonly origin?: string
}

// The constructor of Response accepts no body, not even an empty one, with these statuses.
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * Creates a `fetch` whose requests are served by an app in the same process. The host of a URL becomes the `Host`
 * header; its scheme makes no difference. Replies are streamed. Aborting a request, or cancelling the body of its
 * reply, disconnects the client as over a socket. Redirects are not followed. With `origin`, a request that a browser
 * would block rejects with a `RefusedError`.
 *
 * @example new StreamableHTTPClientTransport(new URL('http://localhost/notes/mcp'), { fetch: injectFetch(app) })
 */
export function injectFetch (app: FastifyInstance, { headers = {}, origin }: InjectFetchOptions = {}): InjectFetch {
  return async function fetchInjected (input, init) {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    const send = (request: Request): Promise<Response> => inject(app, request, signal)

    const request = new Request(input, { ...init, signal: null })
    for (const [name, value] of Object.entries(headers)) {
      if (!request.headers.has(name)) request.headers.set(name, value)
    }
    return await (origin === undefined ? send(request) : sendAsPage(request, origin, send))
  }
}

async function inject (app: FastifyInstance, request: Request, signal: AbortSignal | undefined): Promise<Response> {
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer())
  signal?.throwIfAborted()
  const payload = createPayload(body)
  const leave = (): void => { payload.destroy(toError(signal?.reason)) }
  signal?.addEventListener('abort', leave, { once: true })

  try {
    const response = await app.inject(describe(request, payload, body))
    const source = response.stream()
    source.once('close', () => signal?.removeEventListener('abort', leave))
    return toResponse(response, source, leave)
  } catch (error) {
    signal?.removeEventListener('abort', leave)
    throw signal?.aborted === true ? signal.reason : error
  }
}

// light-my-request has only one way to signal a disconnect after the body has been read: an error of the payload.
function createPayload (body: Buffer | undefined): Readable {
  const payload = new Readable({ autoDestroy: false })
  if (body !== undefined) payload.push(body)
  payload.push(null)
  return payload
}

function describe (request: Request, payload: Readable, body: Buffer | undefined): InjectOptions {
  const { host, pathname, search } = new URL(request.url)
  return {
    // The cast is safe, because Fastify answers unknown methods with 404.
    method: request.method as HTTPMethods,
    url: `${pathname}${search}`,
    headers: {
      host,
      ...Object.fromEntries(request.headers),
      ...(body !== undefined && { 'content-length': String(body.length) })
    },
    payload,
    payloadAsStream: true
  }
}

function toResponse (
  { statusCode, statusMessage, headers }: LightMyRequestResponse, source: Readable, leave: () => void
): Response {
  const init = { status: statusCode, statusText: statusMessage, headers: toHeaders(headers) }
  if (!WITHOUT_BODY.has(statusCode)) return new Response(createBody(source, leave), init)
  source.resume()
  return new Response(null, init)
}

// Pulls chunks only as fast as they are read. Readable.toWeb() of Node.js 20 throws when a body is cancelled.
function createBody (source: Readable, leave: () => void): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]()

  return new ReadableStream({
    async pull (controller) {
      const { done, value } = await chunks.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    cancel: leave
  })
}

function toHeaders (sent: LightMyRequestResponse['headers']): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(sent)) {
    for (const value of [values].flat()) headers.append(name, String(value))
  }
  return headers
}

function toError (reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The client closed the connection')
}
