// Completes the options of a mount.
import { listConstraintHosts, resolveConstraints } from './http/host-constraint.ts'
import { ANY_ORIGIN, LOOPBACK_HOSTS, LOOPBACK_ORIGINS } from './http/host-check.ts'
import { resolveLegacySse } from './http/legacy-sse-options.ts'
import { checkOptions } from './mount-checks.ts'
import type { McpMountOptions, ResolvedOptions } from './options.ts'
import { resolveDefinition } from './sdk/recognise.ts'
import { DEFAULT_MAX_WATCHED, DEFAULT_MAX_WATCHED_TOTAL } from './session/watch-budget.ts'
import { resolveShares } from './shares/share-options.ts'

/**
 * Checks and completes the options of a mount; the object given is not written to.
 * @throws MCP_ERR_INVALID_OPTION, MCP_ERR_INVALID_SERVER
 */
export function resolveOptions (options: McpMountOptions): ResolvedOptions {
  const { server } = options
  const definition = resolveDefinition(server)
  checkOptions(options, definition)

  const {
    maxSessions = 10_000, maxStreams = 1024, maxCallsInFlight = 10_000,
    maxWatched = DEFAULT_MAX_WATCHED, maxWatchedTotal = DEFAULT_MAX_WATCHED_TOTAL
  } = options
  const publicUrl = options.publicUrl === undefined ? undefined : new URL(options.publicUrl)
  return Object.freeze({
    server,
    definition,
    // With a slash at its end Fastify would not serve the prefix itself.
    prefix: (options.prefix ?? '').replace(/\/+$/, ''),
    path: options.path ?? '/mcp',
    name: options.name,
    allowedHosts: [...options.allowedHosts ?? LOOPBACK_HOSTS, ...listOwnHosts(publicUrl, options.constraints)],
    allowedOrigins: resolveOrigins(options.allowedOrigins, publicUrl),
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
    maxSessions,
    maxStreams,
    maxCallsInFlight,
    maxWatched,
    maxWatchedTotal,
    shares: resolveShares({ ...options, maxSessions, maxStreams, maxCallsInFlight, maxWatched, maxWatchedTotal }),
    eventStore: options.eventStore,
    cluster: options.cluster,
    retryInterval: options.retryInterval,
    storeTimeout: options.storeTimeout ?? 3000,
    keepAliveInterval: options.keepAliveInterval ?? 15_000,
    bodyLimit: options.bodyLimit ?? 4 * 1024 * 1024,
    maxDepth: options.maxDepth ?? 1000,
    maxValues: options.maxValues ?? 50_000,
    maxBatch: options.maxBatch ?? 100,
    maxBuffered: options.maxBuffered ?? 1024 * 1024,
    closeGracePeriod: options.closeGracePeriod ?? 10_000,
    ...(options.constraints !== undefined && { constraints: resolveConstraints(options.constraints) }),
    ...(options.logLevel !== undefined && { logLevel: options.logLevel })
  })
}

function resolveOrigins (allowed: McpMountOptions['allowedOrigins'] = LOOPBACK_ORIGINS, publicUrl: URL | undefined): ResolvedOptions['allowedOrigins'] {
  return allowed === ANY_ORIGIN || publicUrl === undefined ? allowed : [...allowed, publicUrl.origin]
}

// With its port, so that the default port of the other scheme is another one.
function listOwnHosts (publicUrl: URL | undefined, { host }: { readonly host?: unknown } = {}): readonly string[] {
  const constrained = typeof host === 'string' ? listConstraintHosts(host) : []
  if (publicUrl === undefined) return constrained
  const { hostname, port, protocol } = publicUrl
  return [`${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`, ...constrained]
}
