// The body limits of tools. A modern request names its tool in a header, so the limit is known before the body is read.
import { Transform, type Readable, type TransformCallback } from 'node:stream'
import type { FastifyRequest, preParsingHookHandler, RouteOptions } from 'fastify'
import { RefusalError } from '../protocol/body.ts'
import { isModernHeader } from '../protocol/classify.ts'
import { decodeHeaderValue } from '../protocol/headers.ts'
import { Method } from '../protocol/methods.ts'
import type { BodyLimitOf } from '../server/definition.ts'
import { describeTooLong, refuseUnread } from './reply/reply.ts'

/** A limit in bytes, and the error of a longer body. */
interface Limit {
  readonly max: number
  readonly error: () => RefusalError
}

/**
 * Returns the options of a route that limits the bodies of calls as their tools say, and all other bodies as the mount
 * says. The headers may lie about the body; the request is then refused once the body has been read.
 */
export function limitBodiesByTool (
  bodyLimitOf: BodyLimitOf, bodyLimit: number
): Pick<RouteOptions, 'bodyLimit'> & { readonly preParsing: preParsingHookHandler } {
  return {
    // Fastify's limit is the same for all requests of a route.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    preParsing: function limitBody (request, reply, payload, done) {
      const limit = findLimit(request)
      const length = request.headers['content-length']
      if (Number(length) > limit.max) {
        // The client may go on sending.
        reply.header('connection', 'close')
        return done(limit.error())
      }
      // Node.js reads no more than Content-Length says.
      const isMeasured = length !== undefined && payload === request.raw
      done(null, isMeasured ? payload : measure(payload, limit))
    }
  }

  function findLimit (request: FastifyRequest): Limit {
    const own = bodyLimitOfTool(request)
    const message = describeTooLong(own === undefined ? 'mount' : 'tool')
    return { max: own ?? bodyLimit, error: () => new RefusalError(refuseUnread(request, 413, message)) }
  }

  function bodyLimitOfTool ({ headers }: FastifyRequest): number | undefined {
    if (headers['mcp-method'] !== Method.ToolsCall) return undefined
    if (!isModernHeader(headers['mcp-protocol-version']?.toString())) return undefined
    const name = decodeHeaderValue(String(headers['mcp-name']))
    return name === undefined ? undefined : bodyLimitOf(name)
  }
}

/** A stream of a request. Plugins that decode bodies count what they have read before that. */
interface Payload extends Readable { readonly receivedEncodedLength?: number }

/** Passes a body on up to a limit. */
class Meter extends Transform {
  readonly #source: Payload
  readonly #limit: Limit
  #length = 0

  constructor (source: Payload, limit: Limit) {
    super()
    this.#source = source
    this.#limit = limit
  }

  /** Fastify compares it with Content-Length. */
  get receivedEncodedLength (): number | undefined { return this.#source.receivedEncodedLength }

  override _transform (chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#length += chunk.length
    if (this.#length > this.#limit.max) done(this.#limit.error())
    else done(null, chunk)
  }
}

// Not `pipeline()`, which would end the connection before the client has got its error.
function measure (payload: Payload, limit: Limit): Readable {
  const meter = new Meter(payload, limit)
  payload.on('error', (error) => meter.destroy(error))
  return payload.pipe(meter)
}
