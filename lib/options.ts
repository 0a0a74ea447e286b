// The options of a mount: what they are, their defaults, and what is wrong with wrong ones.
import type { FastifyPluginAsync, RouteShorthandOptions } from 'fastify'
import { MCP_ERR_INVALID_OPTION } from './errors.ts'
import { findCorsProblem, type CorsOptions } from './http/cors.ts'
import { findHealthProblem, type HealthOptions } from './http/health.ts'
import { findHooksProblem, type MountHooks } from './http/hooks.ts'
import { findLegacySseConflict, findLegacySseProblem, resolveLegacySse, type LegacySseOptions, type ResolvedLegacySse } from './http/legacy-sse-options.ts'
import { LOOPBACK_HOSTS, LOOPBACK_ORIGINS } from './http/host-check.ts'
import { findAuthProblem, type AuthOptions } from './auth/auth-options.ts'
import { isBoolean, isCount, isHttpUrl, isText, type Check, type Checks } from './option-check.ts'
import { resolveDefinition, type Mountable } from './sdk/recognise.ts'
import type { ServerDefinition } from './server/definition.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { EventStore } from './session/event-store.ts'
import { findTimeoutProblem } from './server/timeout.ts'

/** The options of one mount. Times are milliseconds, sizes bytes. */
export interface McpMountOptions {
  /**
   * What is served: an `McpServer`, a server of the official SDK v1, a function that makes SDK servers (v1 or v2), or an SDK
   * v2 handler. One of them may serve any number of mounts.
   */
  readonly server: Mountable
  /** What the endpoint's path begins with, as everywhere in Fastify. @default '' */
  readonly prefix?: string
  /** The endpoint's path below the prefix; `'/'` makes the prefix the endpoint. @default '/mcp' */
  readonly path?: string
  /**
   * The name of the mount in `app.mcp`; a definition mounted twice needs one each.
   * @default the server's name; the endpoint's path where only its sessions have servers
   */
  readonly name?: string
  /**
   * The values of `Host` that are served: exact, or `name:*` for any port or none. Others get 421.
   * @default ['127.0.0.1:*', 'localhost:*', '[::1]:*']
   */
  readonly allowedHosts?: readonly string[]
  /**
   * The values of `Origin` that are served, where a browser sends one: exact, or `scheme://name:*` for any port or none. Others get 403.
   * @default the default of allowedHosts, each with http://
   */
  readonly allowedOrigins?: readonly string[]
  /** Checks Host and Origin. Switch it off only where a proxy in front does. @default true */
  readonly dnsRebindingProtection?: boolean
  /** Where clients reach the app, e.g. `https://api.example.com`. Its host and origin are served besides the allowed ones. */
  readonly publicUrl?: string
  /**
   * Lets only callers pass that have authorized: by `verify`, with access tokens for `publicUrl`, or by `authenticate`, where
   * the app already knows them. Handlers find them in `ctx.auth`. @default none: everybody may pass
   */
  readonly auth?: AuthOptions
  /**
   * Lets pages of the `allowedOrigins` use the endpoint: answers the preflights of browsers and sets the headers that they
   * look for, on every reply. An object adds to these; origins are in `allowedOrigins` only. Any `@fastify/cors` of the app
   * follows this option at the endpoint.
   * @default false
   */
  readonly cors?: boolean | CorsOptions
  /**
   * Ordinary Fastify routes beside the endpoint, below its prefix: with the parsers and the error handler of the app, and
   * **behind the mount's check of Host and Origin and its `auth`**, unless a route has `config: { public: true }`. One that
   * is not public finds its caller by `authInfoOf(request)`.
   * @example app.register(mcpPlugin, { server, routes: async (scope) => { scope.get('/export', async () => 'all notes') } })
   */
  readonly routes?: FastifyPluginAsync
  /**
   * Answers GET and HEAD below the prefix at `/health/live`, with 200, and at `/health` and `/health/ready`, with 200, or
   * 503 from the moment on that the app begins to close. For anyone: neither Host, Origin nor callers are checked.
   * @default false
   */
  readonly health?: boolean | HealthOptions
  /** Fastify hooks that run for the requests of the endpoint only, behind the mount's own checks. @default none */
  readonly hooks?: MountHooks
  /** Serves legacy clients without sessions. @default false */
  readonly stateless?: boolean
  /** Never answers with a stream: progress and log messages are dropped. @default false */
  readonly jsonResponse?: boolean
  /** Serves the legacy era besides the modern one. @default true */
  readonly legacy?: boolean
  /**
   * Serves HTTP+SSE of revision 2024-11-05 besides, at `/sse` and `/messages` below the prefix, for clients that know nothing
   * newer. Protected as the endpoint is; its sessions are those of one process and end with their streams.
   * @default false
   * @deprecated Revision 2025-03-26 replaced this transport by Streamable HTTP, which the endpoint speaks.
   * @see https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
   */
  readonly legacySse?: boolean | LegacySseOptions
  /** How long a session may go without a request; 0 for ever. @default 1800000 (30 minutes) */
  readonly sessionIdleTimeout?: number
  /** Sessions open at once; past it `initialize` gets 503. @default 10000 */
  readonly maxSessions?: number
  /** Streams of `subscriptions/listen` open at once; past it a client gets 503. @default 1024 */
  readonly maxStreams?: number
  /**
   * Keeps the events of legacy streams, so that a client whose connection broke gets what it missed.
   * @default none: such a client sends its request again
   */
  readonly eventStore?: EventStore
  /**
   * Makes this mount a node: those of the same name in the same cluster serve the same clients, behind any load balancer.
   * Sessions and events are then kept by the cluster; `maxSessions` counts over all nodes.
   * @default none: this process serves its clients alone
   */
  readonly cluster?: Cluster
  /** How long such a client is to wait before it comes back; needs `eventStore` or `cluster`. @default the client's own choice */
  readonly retryInterval?: number
  /** How long a reply may be silent: then it becomes a stream, and a stream gets a comment; 0 for ever. @default 15000 */
  readonly keepAliveInterval?: number
  /** The longest body; a longer one gets 413. @default 4194304 (4 MiB) */
  readonly bodyLimit?: number
  /** The deepest nesting of a body; a deeper one gets 400. @default 1000 */
  readonly maxDepth?: number
  /** The most messages of a batch (revision 2025-03-26 only); a longer one gets 400. @default 100 */
  readonly maxBatch?: number
  /** Bytes that may wait for a client that does not read its stream; past it the stream is cut. @default 1048576 (1 MiB) */
  readonly maxBuffered?: number
  /** How long closing the app waits for requests being served; then they are cut. @default 10000 */
  readonly closeGracePeriod?: number
  /** Fastify's route constraints, e.g. `{ host: 'api.example.com' }`. */
  readonly constraints?: NonNullable<RouteShorthandOptions['constraints']>
  /** The log level of the mount's requests. @default the app's */
  readonly logLevel?: NonNullable<RouteShorthandOptions['logLevel']>
}

/** Options that were checked and completed. */
export type ResolvedOptions = Readonly<Required<Omit<McpMountOptions, 'name' | 'auth' | 'cors' | 'health' | 'legacySse' | 'routes' | 'publicUrl' | 'eventStore' | 'cluster' | 'retryInterval' | 'constraints' | 'logLevel'>>> & Pick<McpMountOptions, 'constraints' | 'logLevel'> & {
  /** What `server` stands for. */
  readonly definition: ServerDefinition
  readonly cluster: Cluster | undefined
  readonly name: string | undefined
  readonly cors: CorsOptions | false
  readonly health: HealthOptions | false
  readonly legacySse: ResolvedLegacySse | false
  readonly routes: FastifyPluginAsync | undefined
  readonly publicUrl: URL | undefined
  readonly auth: AuthOptions | undefined
  readonly eventStore: EventStore | undefined
  readonly retryInterval: number | undefined
}

const isFunction: Check = (value) => typeof value === 'function' ? undefined : 'must be a function, such as async (scope) => { … }'
const isObject: Check = (value) => typeof value === 'object' && value !== null ? undefined : 'must be an object'
const isPrefix: Check = (value) => value === '' || (typeof value === 'string' && value.startsWith('/')) ? undefined : "must be '' or begin with '/'"
const isPath: Check = (value) => typeof value === 'string' && value.startsWith('/') ? undefined : "must begin with '/'"
const isPublicUrl: Check = (value) => isHttpUrl(value) ? undefined : "must be an absolute URL, such as 'https://api.example.com'"
const isHosts: Check = (value) =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string' && /^[^\s/]+$/.test(entry))
    ? undefined
    : "must be an array of hosts, such as ['api.example.com', 'localhost:*']"
const isOrigins: Check = (value) =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string' && /^(null|[a-z][a-z0-9+.-]*:\/\/[^\s/]+)$/i.test(entry))
    ? undefined
    : "must be an array of origins without a path, such as ['https://app.example.com']"

const isEventStore: Check = (value) =>
  ['append', 'read', 'forget'].every((method) => typeof Object(value)[method] === 'function')
    ? undefined
    : 'must be an event store, such as createMemoryEventStore()'

const isCluster: Check = (value) =>
  typeof Object(value).join === 'function'
    ? undefined
    : 'must be a cluster, such as createMemoryCluster()'

const CHECKS: Checks<Omit<McpMountOptions, 'server'>> = {
  prefix: isPrefix,
  path: isPath,
  name: isText,
  allowedHosts: isHosts,
  allowedOrigins: isOrigins,
  dnsRebindingProtection: isBoolean,
  publicUrl: isPublicUrl,
  auth: findAuthProblem,
  cors: findCorsProblem,
  routes: isFunction,
  health: findHealthProblem,
  hooks: findHooksProblem,
  stateless: isBoolean,
  jsonResponse: isBoolean,
  legacy: isBoolean,
  legacySse: findLegacySseProblem,
  sessionIdleTimeout: findTimeoutProblem,
  maxSessions: isCount,
  maxStreams: isCount,
  eventStore: isEventStore,
  cluster: isCluster,
  retryInterval: findTimeoutProblem,
  keepAliveInterval: findTimeoutProblem,
  bodyLimit: isCount,
  maxDepth: isCount,
  maxBatch: isCount,
  maxBuffered: isCount,
  closeGracePeriod: findTimeoutProblem,
  constraints: isObject,
  logLevel: isText
}

// Fastify adds this one to the options of every plugin that sets it.
const FASTIFY_OWN = 'logSerializers'

/**
 * Checks and completes the options of a mount; the object given is not written to.
 * @throws MCP_ERR_INVALID_OPTION, MCP_ERR_INVALID_SERVER
 */
export function resolveOptions (options: McpMountOptions): ResolvedOptions {
  const { server } = options
  const definition = resolveDefinition(server)
  checkOptions(options)
  checkContradictions(options)
  const conflict = findLegacySseConflict(options)
  if (conflict !== undefined) throw new MCP_ERR_INVALID_OPTION('legacySse', conflict)
  if (options.cluster !== undefined) checkCluster(options, definition)

  const publicUrl = options.publicUrl === undefined ? undefined : new URL(options.publicUrl)
  return Object.freeze({
    server,
    definition,
    // With a slash at its end Fastify would not serve the prefix itself.
    prefix: (options.prefix ?? '').replace(/\/+$/, ''),
    path: options.path ?? '/mcp',
    name: options.name,
    allowedHosts: [...options.allowedHosts ?? LOOPBACK_HOSTS, ...publicUrl === undefined ? [] : [publicUrl.host]],
    allowedOrigins: [...options.allowedOrigins ?? LOOPBACK_ORIGINS, ...publicUrl === undefined ? [] : [publicUrl.origin]],
    dnsRebindingProtection: options.dnsRebindingProtection ?? true,
    publicUrl,
    auth: options.auth && Object.freeze({ ...options.auth }),
    cors: options.cors === true ? {} : options.cors ?? false,
    routes: options.routes,
    health: options.health === true ? {} : options.health ?? false,
    hooks: options.hooks ?? {},
    stateless: options.stateless ?? false,
    jsonResponse: options.jsonResponse ?? false,
    legacy: options.legacy ?? true,
    legacySse: resolveLegacySse(options.legacySse),
    sessionIdleTimeout: options.sessionIdleTimeout ?? 30 * 60_000,
    maxSessions: options.maxSessions ?? 10_000,
    maxStreams: options.maxStreams ?? 1024,
    eventStore: options.eventStore,
    cluster: options.cluster,
    retryInterval: options.retryInterval,
    keepAliveInterval: options.keepAliveInterval ?? 15_000,
    bodyLimit: options.bodyLimit ?? 4 * 1024 * 1024,
    maxDepth: options.maxDepth ?? 1000,
    maxBatch: options.maxBatch ?? 100,
    maxBuffered: options.maxBuffered ?? 1024 * 1024,
    closeGracePeriod: options.closeGracePeriod ?? 10_000,
    ...(options.constraints !== undefined && { constraints: options.constraints }),
    ...(options.logLevel !== undefined && { logLevel: options.logLevel })
  })
}

function checkOptions (options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (name === 'server' || name === FASTIFY_OWN || value === undefined) continue
    const problem = Object.hasOwn(CHECKS, name)
      ? CHECKS[name as keyof typeof CHECKS](value)
      : `does not exist; the options are ${['server', ...Object.keys(CHECKS)].join(', ')}`
    if (problem !== undefined) throw new MCP_ERR_INVALID_OPTION(name, problem)
  }
}

// Each of these settings would be without effect, which its user should know.
function checkContradictions (options: McpMountOptions): void {
  const { auth, dnsRebindingProtection, allowedHosts, allowedOrigins, cors = false, publicUrl, legacy, stateless, jsonResponse, eventStore, cluster, retryInterval } = options
  const lists = { allowedHosts, ...(cors === false && { allowedOrigins }) }
  for (const [name, list] of Object.entries(lists)) {
    if (dnsRebindingProtection === false && list !== undefined) {
      throw new MCP_ERR_INVALID_OPTION(name, "contradicts 'dnsRebindingProtection: false', which checks no host and no origin; leave one of them out")
    }
  }
  if (auth !== undefined && 'verify' in auth && publicUrl === undefined) {
    throw new MCP_ERR_INVALID_OPTION('auth', "needs 'publicUrl', the URL of this app that tokens are issued for, such as 'https://api.example.com'")
  }
  if (cors !== false && allowedOrigins?.length === 0 && publicUrl === undefined) {
    throw new MCP_ERR_INVALID_OPTION('cors', "has no effect without an origin in 'allowedOrigins'; name the origins of the pages there, or leave this one out")
  }
  if (legacy === false && stateless === true) {
    throw new MCP_ERR_INVALID_OPTION('stateless', "contradicts 'legacy: false', which serves no client that it would apply to; leave one of them out")
  }
  if (eventStore === undefined && cluster === undefined && retryInterval !== undefined) {
    throw new MCP_ERR_INVALID_OPTION('retryInterval', "has no effect without 'eventStore' or 'cluster', which keeps what a client comes back for; set it or leave this one out")
  }
  if (eventStore !== undefined && (legacy === false || stateless === true || jsonResponse === true)) {
    throw new MCP_ERR_INVALID_OPTION('eventStore', "has no effect without the streams of sessions, which 'legacy: false', 'stateless: true' and 'jsonResponse: true' do away with; leave one of them out")
  }
}

function checkCluster ({ eventStore, sessionIdleTimeout }: McpMountOptions, { opensElsewhere = true }: ServerDefinition): void {
  if (eventStore !== undefined) {
    throw new MCP_ERR_INVALID_OPTION('eventStore', "contradicts 'cluster', which keeps the events of all nodes; leave it out")
  }
  if (sessionIdleTimeout === 0) {
    throw new MCP_ERR_INVALID_OPTION('sessionIdleTimeout', "must be above 0 with 'cluster': what nodes share outlives each of them, so that it has to expire")
  }
  if (!opensElsewhere) {
    throw new MCP_ERR_INVALID_OPTION('cluster', 'needs a server whose requestState opens on every node: new McpServer(info, { requestState: { keys: [process.env.MCP_STATE_KEY] } }), a secret of 32 bytes or more that all nodes have')
  }
}
