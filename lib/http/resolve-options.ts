// The options of a mount: their checks, their defaults, and the values that are derived from them.
import type { FastifyPluginAsync } from 'fastify'
import { authOption } from '../auth/auth-options.ts'
import type { Cluster } from '../store/cluster.ts'
import { findMeant } from '../did-you-mean.ts'
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import {
  duration, flag, func, isHttpUrl, isObject, isText, kind, kindOf, object, text, whole
} from '../options/checks.ts'
import { complete, findProblem, type ResolvedOf, type TableOf } from '../options/table.ts'
import { exposeOption } from '../routes/expose-options.ts'
import { exposeRoutes } from '../routes/expose.ts'
import { logOption } from '../telemetry/log/options.ts'
import { resolveDefinition, type Mountable } from '../sdk/recognise.ts'
import type { ServerDefinition } from '../server/definition.ts'
import type { EventStore } from '../store/event-store.ts'
import { DEFAULT_MAX_WATCHED, DEFAULT_MAX_WATCHED_TOTAL } from '../notify/watch-budget.ts'
import { resolveShares, SHARES, type ResolvedShares, type ShareOptions } from '../shares/share-options.ts'
import { parseEntry } from './guard/authority.ts'
import { corsOption } from './guard/cors-options.ts'
import { healthOption } from './beside/health-options.ts'
import { hooksOption } from './beside/hooks.ts'
import { ANY_ORIGIN, LOOPBACK_HOSTS, LOOPBACK_ORIGINS, NO_ORIGIN } from './guard/host-check.ts'
import { listConstraintHosts, resolveConstraints } from './guard/host-constraint.ts'
import { legacySseOption } from './sse-2024/options.ts'
import type { AnyMountOptions, McpMountOptions } from './mount-options.ts'
import { findConflict } from './option-conflicts.ts'
import { findPathProblem } from './path-problem.ts'

const prefix = kind<string>((value) => {
  return value === '' || beginsWithSlash(value) ? findPathProblem(value) : "must be '' or begin with '/'"
})
const path = kind<string>((value) => beginsWithSlash(value) ? findPathProblem(value) : "must begin with '/'")
const publicUrl = kindOf<string>(
  "must be an absolute URL without user, query and fragment, such as 'https://api.example.com'",
  (value) => isHttpUrl(value) && /^[^?#@]*$/.test(String(value)))
const hosts = kindOf<readonly string[]>(
  "must be an array of hosts, such as ['api.example.com', 'localhost:*', '[::1]:8080']; only a port may be '*'",
  (value) => Array.isArray(value) && value.every(isHost))
const origins = kindOf<readonly string[] | typeof ANY_ORIGIN>(
  "must be an array of origins without a path, such as ['https://app.example.com', 'http://localhost:*'], " +
    "or '*' for pages of every origin",
  (value) => value === ANY_ORIGIN || (Array.isArray(value) && value.every(isOrigin)))
const eventStore = kindOf<EventStore>('must be an event store, such as createMemoryEventStore()',
  (value) => ['append', 'read', 'forget'].every((method) => typeof Object(value)[method] === 'function'))
const cluster = kindOf<Cluster>('must be a cluster, such as createMemoryCluster()',
  (value) => typeof Object(value).join === 'function')

function beginsWithSlash (value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('/')
}

function isHost (entry: unknown): boolean {
  return typeof entry === 'string' && parseEntry(entry)?.scheme === ''
}

function isOrigin (entry: unknown): boolean {
  return entry === NO_ORIGIN || (typeof entry === 'string' && Boolean(parseEntry(entry)?.scheme))
}

const OWN_CONFIG = ['cors', 'mcp', 'public']
const routeConfig = kind<NonNullable<McpMountOptions['config']>>((value) => {
  if (!isObject(value)) return "must be an object, such as { rateLimit: { max: 100, timeWindow: '1 minute' } }"
  const own = OWN_CONFIG.find((name) => name in value)
  return own && `has '${own}', which options of the mount decide; leave it out`
})

const MOUNT = {
  expose: exposeOption,
  prefix: prefix(''),
  path: path('/mcp'),
  name: text(),
  allowedHosts: hosts(LOOPBACK_HOSTS),
  allowedOrigins: origins(LOOPBACK_ORIGINS),
  dnsRebindingProtection: flag(true),
  publicUrl: publicUrl(),
  auth: authOption,
  cors: corsOption,
  routes: func<FastifyPluginAsync>('must be a function, such as async (scope) => { … }'),
  health: healthOption,
  hooks: hooksOption,
  config: routeConfig(),
  stateless: flag(false),
  jsonResponse: flag(false),
  legacy: flag(true),
  legacySse: legacySseOption,
  sessionIdleTimeout: duration(30 * 60_000),
  maxSessions: whole(10_000),
  maxStreams: whole(1024),
  maxCallsInFlight: whole(10_000),
  maxCallsInFlightPerSession: whole(),
  maxWatched: whole(DEFAULT_MAX_WATCHED),
  maxWatchedTotal: whole(DEFAULT_MAX_WATCHED_TOTAL),
  eventStore: eventStore(),
  cluster: cluster(),
  retryInterval: duration(),
  storeTimeout: duration(3000),
  keepAliveInterval: duration(15_000),
  bodyLimit: whole(4 * 1024 * 1024),
  maxDepth: whole(1000),
  maxValues: whole(50_000),
  maxBatch: whole(100),
  maxBuffered: whole(1024 * 1024),
  closeGracePeriod: duration(10_000),
  log: logOption,
  constraints: object<NonNullable<McpMountOptions['constraints']>>(),
  logLevel: kindOf<NonNullable<McpMountOptions['logLevel']>>('must be a string that is not empty', isText)()
} satisfies TableOf<Omit<McpMountOptions, 'server' | keyof ShareOptions>>

const ALL = { ...MOUNT, ...SHARES }

const NAMES: readonly string[] = ['server', ...Object.keys(ALL)]

// Fastify adds this option to those of every plugin that is registered with it.
const FASTIFY_OWN = 'logSerializers'

/** The options of a mount, checked and completed. */
export type ResolvedOptions = Omit<ResolvedOf<typeof MOUNT>, 'publicUrl'> & {
  readonly server: Mountable
  /** The definition that was made of `server`. */
  readonly definition: ServerDefinition
  readonly publicUrl: URL | undefined
  /** The shares of one caller. */
  readonly shares: ResolvedShares
}

/**
 * Checks and completes the options of a mount. The given object is not modified.
 * @throws MCP_ERR_INVALID_OPTION, MCP_ERR_INVALID_SERVER
 */
export function resolveOptions (given: AnyMountOptions): ResolvedOptions {
  const found = findProblem(ALL, given, judgeUnknown)
  const definition = resolveServed(given)
  const problem = found ?? findConflict(given, definition)
  if (problem !== undefined) throw new MCP_ERR_INVALID_OPTION(problem.name, problem.problem)

  const options = complete(MOUNT, given)
  const { maxSessions, maxStreams, maxCallsInFlight, maxWatched, maxWatchedTotal } = options
  const publicUrl = options.publicUrl === undefined ? undefined : new URL(options.publicUrl)
  return Object.freeze({
    ...options,
    server: given.server ?? definition,
    definition,
    // Fastify would not serve the prefix itself if it ended with a slash.
    prefix: options.prefix.replace(/\/+$/, ''),
    allowedHosts: [...options.allowedHosts, ...listOwnHosts(publicUrl, options.constraints)],
    allowedOrigins: addOrigin(options.allowedOrigins, publicUrl),
    publicUrl,
    shares: resolveShares({ ...given, maxSessions, maxStreams, maxCallsInFlight, maxWatched, maxWatchedTotal }),
    constraints: options.constraints && resolveConstraints(options.constraints)
  })
}

// Returns what the mount serves: its server, the routes that it exposes, or both.
function resolveServed ({ server, expose, name }: AnyMountOptions): ServerDefinition {
  const isRight = expose !== undefined && exposeOption.check(expose) === undefined
  const exposed = isRight && exposeOption.complete(expose)
  if (exposed === false) return resolveDefinition(server)
  return exposeRoutes(exposed, name, server === undefined ? undefined : resolveDefinition(server))
}

/** Lists the options that no mount has: `@fastify/autoload` hands the same options to every plugin of a folder. */
export function listForeign (given: object): readonly string[] {
  return Object.keys(given).filter((name) => !NAMES.includes(name) && name !== FASTIFY_OWN)
}

// A misspelled 'auth' must not leave a mount open. An option that resembles none of a mount's is meant for another
// plugin.
function judgeUnknown (name: string): string | undefined {
  if (name === 'server' || name === FASTIFY_OWN) return undefined
  const meant = findMeant(name, NAMES)
  return meant && `does not exist; the options are ${NAMES.join(', ')}; did you mean '${meant}'?`
}

function addOrigin (
  allowed: ResolvedOptions['allowedOrigins'], publicUrl: URL | undefined
): ResolvedOptions['allowedOrigins'] {
  return allowed === ANY_ORIGIN || publicUrl === undefined ? allowed : [...allowed, publicUrl.origin]
}

// The port is always written, because the default port of the other scheme is a different one.
function listOwnHosts (publicUrl: URL | undefined, { host }: { readonly host?: unknown } = {}): readonly string[] {
  const constrained = typeof host === 'string' ? listConstraintHosts(host) : []
  if (publicUrl === undefined) return constrained
  const { hostname, port, protocol } = publicUrl
  return [`${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`, ...constrained]
}
