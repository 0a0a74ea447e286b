// CORS of one mount: pages of the origins that the guard lets pass may read its replies. By @fastify/cors.
import type { FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { doNothing } from '../do-nothing.ts'
import type { Check, Checks } from '../option-check.ts'
import { ANY_ORIGIN, createHostCheck } from './host-check.ts'

/** Options of `@fastify/cors` for one mount. What is listed here is allowed besides what the protocol needs. */
export interface CorsOptions {
  /** More request headers that pages may send. @default those of the protocol, `Authorization` and `Content-Type` */
  readonly allowedHeaders?: string | readonly string[]
  /** More reply headers that pages may read. @default `Mcp-Session-Id` and `WWW-Authenticate` */
  readonly exposedHeaders?: string | readonly string[]
  /** Lets pages send cookies and read the replies. @default false */
  readonly credentials?: boolean
  /** Seconds for which a browser may keep the answer to a preflight. @default the browser's choice, 5 in most */
  readonly maxAge?: number
  /** `Cache-Control` of the answer to a preflight, or the seconds of its `max-age`. @default none */
  readonly cacheControl?: number | string
  /** The status of the answer to a preflight. @default 204 */
  readonly optionsSuccessStatus?: number
}

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
export function createCorsPolicy (options: CorsOptions, allowedOrigins: readonly string[] | '*'): CorsPolicy {
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
    credentials: options.credentials ?? false,
    maxAge,
    cacheControl: typeof cacheControl === 'number' ? `max-age=${cacheControl}` : cacheControl,
    optionsSuccessStatus: options.optionsSuccessStatus ?? 204,
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

/** Says what is wrong with the `cors` option. */
export function findCorsProblem (value: unknown): string | undefined {
  if (typeof value === 'boolean') return undefined
  if (typeof value !== 'object' || value === null) return "must be true, false or an object, such as { maxAge: 600 }; the origins are those of 'allowedOrigins'"
  for (const [name, setting] of Object.entries(value)) {
    const problem = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof CorsOptions](setting) : describeUnknown(name)
    if (setting !== undefined && problem !== undefined) return problem
  }
}

const isNames: Check = (value) => typeof value === 'string' || (Array.isArray(value) && value.every((name) => typeof name === 'string'))
  ? undefined
  : 'must name headers as an array or separated by commas'
const isSeconds: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : 'must be a whole number of seconds'

const CHECKS: Checks<CorsOptions> = {
  allowedHeaders: (value) => isNames(value) && `has 'allowedHeaders', which ${isNames(value)}`,
  exposedHeaders: (value) => isNames(value) && `has 'exposedHeaders', which ${isNames(value)}`,
  credentials: (value) => typeof value === 'boolean' ? undefined : "has 'credentials', which must be true or false",
  maxAge: (value) => isSeconds(value) && `has 'maxAge', which ${isSeconds(value)}`,
  cacheControl: (value) => typeof value === 'string' || isSeconds(value) === undefined ? undefined : "has 'cacheControl', which must be a string or a whole number of seconds",
  optionsSuccessStatus: (value) => value === 200 || value === 204 ? undefined : "has 'optionsSuccessStatus', which must be 200 or 204"
}

function describeUnknown (name: string): string {
  switch (name) {
    case 'origin':
    case 'delegator': return `has '${name}', but the guard and CORS have one list of origins; write them in the mount's 'allowedOrigins'`
    case 'methods': return "has 'methods', but the endpoint's are fixed: GET, POST and DELETE; leave it out"
    case 'hook':
    case 'preflight':
    case 'preflightContinue':
    case 'strictPreflight': return `has '${name}', but a preflight is always answered before all else; leave it out`
    default: return `has '${name}', which does not exist; the options are ${Object.keys(CHECKS).join(', ')}`
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
