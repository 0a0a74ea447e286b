// Calls oidc-provider, a Koa app, from a route of Fastify. The reply leaves through Fastify, so its hooks see it.
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** A request and a response of Node.js that stand for those of Fastify. */
export interface NodePair {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** The parts of a request that the provider reads. */
export interface ProviderRequest {
  /** The path and query, without the path of `publicUrl`. */
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | undefined
}

/**
 * Creates the pair for a request. Scheme, host and path are those of `publicUrl`, so no header of a client or proxy
 * has a part in the URLs that the provider writes, or in whether its cookies are `Secure`.
 */
export function createNodePair (publicUrl: URL, { url, method, headers, body }: ProviderRequest): NodePair {
  const socket = Object.assign(new Socket(), { encrypted: publicUrl.protocol === 'https:' })
  const request = new IncomingMessage(socket)
  const length = body === undefined ? {} : { 'content-length': String(body.length) }
  Object.assign(request, {
    url,
    originalUrl: publicUrl.pathname.replace(/\/$/, '') + url,
    method,
    headers: { ...headers, ...length, host: publicUrl.host },
    httpVersionMajor: 1,
    httpVersionMinor: 1
  })
  if (body !== undefined) request.push(body)
  request.push(null)
  return { request, response: new ServerResponse(request) }
}

// The headers that the provider reads. Those with which proxies speak about the client are not among them.
const HEADERS = ['accept', 'accept-language', 'authorization', 'content-type', 'cookie', 'dpop', 'origin', 'user-agent',
  'access-control-request-method', 'access-control-request-headers']

/** Reads a request of Fastify whose body has been parsed as a buffer. */
export function readRequest ({ url, method, headers, body }: FastifyRequest): ProviderRequest {
  const read = HEADERS.flatMap((name) => typeof headers[name] === 'string' ? [[name, headers[name]]] : [])
  return {
    url,
    method,
    headers: Object.fromEntries(read),
    body: Buffer.isBuffer(body) ? body : undefined
  }
}

/** Runs a handler of Node.js, and resolves to the body with which it ends the response. */
export async function runHandler (
  handler: (request: IncomingMessage, response: ServerResponse) => unknown, { request, response }: NodePair
): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    // The provider answers each request with one text, or with nothing.
    response.end = function endWith (chunk?: unknown) {
      resolve(typeof chunk === 'string' || Buffer.isBuffer(chunk) ? Buffer.from(chunk) : Buffer.alloc(0))
      response.emit('finish')
      return response
    }
    Promise.resolve(handler(request, response)).catch(reject)
  })
}

/** Sends the response of a pair. */
export function sendResponse (reply: FastifyReply, { response }: NodePair, body: Buffer): FastifyReply {
  const { 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = response.getHeaders()
  reply.code(response.statusCode).headers(headers)
  return reply.send(body.length === 0 ? '' : body)
}
