// Applies CORS to one mount, with @fastify/cors: pages of the origins that the guard allows may read the replies.
import type { FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { doNothing } from '../../do-nothing.ts'
import type { ResolvedCors } from './cors-options.ts'
import { ANY_ORIGIN, createHostCheck } from './host-check.ts'

/** The CORS of one mount, created once. */
export interface CorsPolicy {
  /** The `config` of the mount's routes. If the app has its own `@fastify/cors`, that applies it at these routes. */
  readonly config: object
  /** Adds the hook that sets the headers and answers preflights. */
  addTo (scope: FastifyInstance): Promise<void>
  /** The `onSend` hook of the route that preflights are sent to. It lists the headers that pages may send. */
  nameAllowedHeaders (
    request: FastifyRequest, reply: FastifyReply, payload: unknown, done: (error: null, payload: unknown) => void
  ): void
}

// MCP 2026-07-28 and 2025-11-25 transports, and RFC 9449 7.1: all headers that a client may send or must read.
const METHODS = 'GET, POST, DELETE'
const ALLOWED_HEADERS = [
  'Authorization', 'Content-Type', 'DPoP', 'Last-Event-ID', 'Mcp-Method', 'Mcp-Name', 'Mcp-Protocol-Version',
  'Mcp-Session-Id'
]
const EXPOSED_HEADERS = ['Mcp-Session-Id', 'WWW-Authenticate']

// Headers that repeat arguments of tools. They are matched by a pattern, because a list would change with the tools.
const PARAM_HEADER = /^mcp-param-[\w!#$%&'*+.^`|~-]+$/i

/** Creates the CORS of one mount. @param allowedOrigins The guard's list. */
export function createCorsPolicy (options: ResolvedCors, allowedOrigins: readonly string[] | '*'): CorsPolicy {
  const isAllowedOrigin = createHostCheck(allowedOrigins)
  const allowedHeaders = [...ALLOWED_HEADERS, ...listNames(options.allowedHeaders)]
  const { maxAge = null, cacheControl = null } = options
  const decideOrigin = (origin: string | undefined, callback: (error: null, isAllowed: boolean) => void): void => {
    callback(null, origin !== undefined && isAllowedOrigin(origin))
  }
  // Every setting has a value, so that no setting of the app's own @fastify/cors applies.
  const policy = Object.freeze({
    hook: 'onRequest',
    origin: allowedOrigins === ANY_ORIGIN ? ANY_ORIGIN : decideOrigin,
    methods: METHODS,
    allowedHeaders: null,
    exposedHeaders: [...EXPOSED_HEADERS, ...listNames(options.exposedHeaders)].join(', '),
    credentials: options.credentials,
    maxAge,
    cacheControl: typeof cacheControl === 'number' ? `max-age=${cacheControl}` : cacheControl,
    optionsSuccessStatus: options.optionsSuccessStatus,
    preflight: true,
    preflightContinue: false,
    strictPreflight: false
  })

  return {
    config: { cors: policy },
    async addTo (scope) { await addHook(scope, policy) },
    // @fastify/cors allows either a fixed list of headers or every header that is requested; neither is right here.
    nameAllowedHeaders (request, reply, payload, done) {
      if (reply.hasHeader('access-control-allow-methods')) {
        const asked = listNames(request.headers['access-control-request-headers'])
        const params = asked.filter((name) => PARAM_HEADER.test(name))
        reply.header('access-control-allow-headers', [...allowedHeaders, ...params].join(', '))
      }
      done(null, payload)
    }
  }
}

function listNames (names: string | readonly string[] | undefined): readonly string[] {
  const list = typeof names === 'string' ? names.split(',') : names ?? []
  return list.map((name) => name.trim()).filter((name) => name !== '')
}

// As a registered plugin, @fastify/cors would add a decorator that the app's own @fastify/cors has added already, and a
// route 'OPTIONS *' that reaches beyond the mount. So it is called with a scope that can add neither.
async function addHook (scope: FastifyInstance, policy: object): Promise<void> {
  const { default: cors } = await import('@fastify/cors')
  const withoutThem = Object.create(scope, { decorateRequest: { value: doNothing }, options: { value: doNothing } })
  // The types of @fastify/cors do not allow null, which means that a header is not set.
  cors(withoutThem, policy as FastifyCorsOptions, doNothing)
}
