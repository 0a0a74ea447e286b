// The reply to a request that arrives while the app closes. Fastify sends one of its own, which clients cannot read.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { encodeError } from '../../protocol/encode.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { encodeUri } from '../../protocol/uri.ts'
import { RETRY_AFTER } from './reply.ts'

const BODY = encodeError(null, {
  code: ErrorCode.InternalError,
  message: 'The server is shutting down; send the request again'
})

const HEADERS: OutgoingHttpHeaders = Object.freeze({
  'content-type': 'application/json; charset=utf-8',
  'content-length': Buffer.byteLength(BODY),
  'retry-after': String(RETRY_AFTER)
})

type WriteHead = (status: number, headers?: OutgoingHttpHeaders) => ServerResponse

/**
 * Builds the listener that replaces Fastify's refusal of requests to MCP endpoints by a JSON-RPC error. Fastify writes
 * its refusal before any hook runs, so that no hook can replace it.
 *
 * @param paths The paths of the endpoints, as they are registered.
 */
export function createClosingReply (
  paths: readonly string[]
): (request: IncomingMessage, response: ServerResponse) => void {
  const patterns = paths.map(toPattern)

  function isEndpoint ({ url = '' }: IncomingMessage): boolean {
    const path = url.replace(/\/{2,}/g, '/')
    return patterns.some((pattern) => pattern.test(path))
  }

  return function replaceRefusal (request, response) {
    // The casts leave out the forms of these methods that Fastify does not use.
    const writeHead = response.writeHead.bind(response) as WriteHead
    const end = response.end.bind(response)
    response.writeHead = function replaceHead (status: number, headers?: OutgoingHttpHeaders) {
      // The app may have rewritten the URL by now.
      if (!isRefusal(status, headers) || !isEndpoint(request)) return writeHead(status, headers)
      response.end = () => end(BODY)
      return writeHead(status, HEADERS)
    } as ServerResponse['writeHead']
  }
}

// Fastify's replies to requests that it serves have names of headers in lower case only.
function isRefusal (status: number, headers: OutgoingHttpHeaders = {}): boolean {
  return status === 503 && headers['Content-Length'] !== undefined
}

// A segment with a parameter matches any text. No request reaches a segment that cannot be encoded.
function toPattern (path: string): RegExp {
  const segments = path.split('/').map((segment) => {
    return segment.includes(':') ? '[^/?]+' : (encodeUri(segment) ?? segment).replace(/[.*+^$()|[\]{}]/g, '\\$&')
  })
  return new RegExp(`^${segments.join('/')}/?(?:\\?|$)`, 'i')
}
