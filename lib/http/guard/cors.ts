// CORS of one mount: pages of the origins that the guard lets pass may read its replies. By @fastify/cors.
import type { FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { doNothing } from '../../do-nothing.ts'
import type { ResolvedCors } from './cors-options.ts'
import { ANY_ORIGIN, createHostCheck } from './host-check.ts'

/** The CORS of one mount, made once. */
export interface CorsPolicy {
  /** The `config` of the mount's routes: an app's own `@fastify/cors` follows it there. */
  readonly config: object
  /** Adds the hook that sets the headers and answers preflights. */
  addTo (scope: FastifyInstance): Promise<void>
  /** The `onSend` hook of the route that preflights are sent to. */
  nameAllowedHeaders (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: (error: null, payload: unknown) => void): void
}

// MCP 2026-07-28 and 2025-11-25 transports: whatever a client may send and has to read.
const METHODS = 'GET, POST, DELETE'
const ALLOWED_HEADERS = ['Authorization', 'Content-Type', 'Last-Event-ID', 'Mcp-Method', 'Mcp-Name', 'Mcp-Protocol-Version', 'Mcp-Session-Id']
const EXPOSED_HEADERS = ['Mcp-Session-Id', 'WWW-Authenticate']

// The names of arguments that a tool wants in headers are known to its clients, and the list of tools may change.
const PARAM_HEADER = /^mcp-param-[\w!#$%&'*+.^`|~-]+$/i

/** Builds the CORS of one mount. @param allowedOrigins The guard's list. */
export function createCorsPolicy (options: ResolvedCors, allowedOrigins: readonly string[] | '*'): CorsPolicy {
  const isAllowedOrigin = createHostCheck(allowedOrigins)
  const allowedHeaders = [...ALLOWED_HEADERS, ...listNames(options.allowedHeaders)]
  const { maxAge = null, cacheControl = null } = options
  const decideOrigin = (origin: string | undefined, callback: (error: null, isAllowed: boolean) => void): void => {
    callback(null, origin !== undefined && isAllowedOrigin(origin))
  }
  // Complete, so that beside it nothing counts of what the app's own @fastify/cors is set to.
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
    // @fastify/cors knows a fixed list or whatever is asked for, and a preflight wants neither.
    nameAllowedHeaders (request, reply, payload, done) {
      if (reply.hasHeader('access-control-allow-methods')) {
        const asked = listNames(request.headers['access-control-request-headers']).filter((name) => PARAM_HEADER.test(name))
        reply.header('access-control-allow-headers', [...allowedHeaders, ...asked].join(', '))
      }
      done(null, payload)
    }
  }
}

function listNames (names: string | readonly string[] | undefined): readonly string[] {
  const list = typeof names === 'string' ? names.split(',') : names ?? []
  return list.map((name) => name.trim()).filter((name) => name !== '')
}

// As a plugin it would bring a decorator, which the app's own @fastify/cors has brought already, and a route 'OPTIONS *',
// which reaches beyond the mount. Here it gets to see the scope without its means for either.
async function addHook (scope: FastifyInstance, policy: object): Promise<void> {
  const { default: cors } = await import('@fastify/cors')
  const withoutThem = Object.create(scope, { decorateRequest: { value: doNothing }, options: { value: doNothing } })
  // Its types know no null, by which it is told not to set a header.
  cors(withoutThem, policy as FastifyCorsOptions, doNothing)
}
