// The options of a mount, as users write them.
import type { FastifyContextConfig, FastifyPluginAsync, RouteShorthandOptions } from 'fastify'
import type { CallLogOptions } from '../telemetry/log/options.ts'
import type { AuthOptions } from '../auth/auth-options.ts'
import type { Cluster } from '../store/cluster.ts'
import type { Mountable } from '../sdk/recognise.ts'
import type { EventStore } from '../store/event-store.ts'
import type { ShareOptions } from '../shares/share-options.ts'
import type { ExposeOptions } from '../routes/expose-options.ts'
import type { CorsOptions } from './guard/cors-options.ts'
import type { HealthOptions } from './beside/health-options.ts'
import type { MountHooks } from './beside/hooks.ts'
import type { LegacySseOptions } from './sse-2024/options.ts'

/**
 * The options of one mount. Durations are milliseconds and sizes are bytes. Unknown, wrong and contradictory options
 * make the registration fail with `MCP_ERR_INVALID_OPTION`, and a `server` that cannot be mounted makes it fail with
 * `MCP_ERR_INVALID_SERVER`.
 */
export interface McpMountOptions extends ShareOptions {
  /**
   * The server to mount: an `McpServer`, a server of the official SDK v1, a function that creates SDK servers (v1 or
   * v2), or an SDK v2 handler. The same server can be mounted any number of times.
   */
  readonly server: Mountable
  /**
   * Turns routes of the app into tools: the routes with `config: { mcp: true }`, or a `RouteToolConfig` in its place,
   * of the scope that the mount is registered on and of the scopes below it. An object also chooses other routes and
   * decides how their requests are sent. A call runs the hooks, the validation and the handler of the route, where
   * `request.mcp` is the context of the call. Routes are found in whatever order the app registers them and the mount.
   * With a `name` and a `version`, the mount needs no `server`.
   * @default false
   * @example
   * app.get('/orders/:id', { config: { mcp: true } }, async ({ params }) => params)
   * app.register(mcpPlugin, { server, expose: true })
   */
  readonly expose?: boolean | ExposeOptions
  /**
   * The prefix of the endpoint, `health` and `routes`, which follows the prefixes of the enclosing scopes. It may have
   * parameters: with `/:tenant`, handlers read `ctx.request.params`.
   * @default ''
   */
  readonly prefix?: string
  /**
   * The endpoint's path below the prefix. It is served with and without a trailing slash. `'/'` makes the prefix itself
   * the endpoint.
   * @default '/mcp'
   */
  readonly path?: string
  /**
   * The mount's name in `app.mcp` and in the log. Two mounts of an app cannot have the same name, so a server that is
   * mounted twice needs two names.
   * @default the server's name, or the endpoint's path for a function or a handler
   */
  readonly name?: string
  /**
   * The hosts that the mount serves, as clients write them in `Host`: `name`, `name:8080`, or `name:*` for any port or
   * none. Case, a trailing dot and the default ports 80 and 443 make no difference. Requests for other hosts get 421.
   * Your list replaces the default. The hosts of `publicUrl` and `constraints` are always served.
   * @default ['127.0.0.1:*', 'localhost:*', '[::1]:*']
   */
  readonly allowedHosts?: readonly string[]
  /**
   * The origins whose pages the mount serves: `https://name`, or `https://name:*` for any port or none. Requests with
   * any other `Origin` get 403; requests without one are served. Your list replaces the default. The origin of
   * `publicUrl` is always served. `'*'` instead of an array serves pages of every origin: `Host` is still checked, and
   * a warning is logged. Browsers also need `cors`.
   * @default ['http://127.0.0.1:*', 'http://localhost:*', 'http://[::1]:*']
   */
  readonly allowedOrigins?: readonly string[] | '*'
  /**
   * Checks the `Host` and `Origin` of every request, so that web pages cannot reach the mount by DNS rebinding. Turn it
   * off only behind a proxy that checks them.
   * @default true
   * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
   */
  readonly dnsRebindingProtection?: boolean
  /**
   * The URL at which clients reach the app, without a query, such as `https://api.example.com`. A path in it is one
   * that a proxy removes. Its host and origin are served in addition to the allowed ones, and `mount.url` begins with
   * it. `auth` with `verify` needs it, because access tokens are issued for it.
   */
  readonly publicUrl?: string
  /**
   * Serves only authenticated callers. `verify` checks OAuth access tokens; `authenticate` is for apps that know their
   * callers already. Handlers find the caller in `ctx.auth`. Other callers get 401, or 403 if they lack a scope.
   * @default none: everyone is served
   * @example
   * const issuer = 'https://auth.example.com'
   * app.register(mcpPlugin, {
   *   server,
   *   publicUrl: 'https://api.example.com',
   *   auth: { verify: jwtVerifier({ issuer }), authorizationServers: [issuer], requiredScopes: ['notes:read'] }
   * })
   */
  readonly auth?: AuthOptions
  /**
   * Lets pages of the `allowedOrigins` call the endpoint from a browser: answers preflights, and adds the CORS headers
   * to every reply. An object adds settings; the origins always come from `allowedOrigins`. If the app itself uses
   * `@fastify/cors`, this option applies at the endpoint instead.
   * @default false
   * @example
   * app.register(mcpPlugin, { server, allowedOrigins: ['https://app.example.com'], cors: { maxAge: 600 } })
   */
  readonly cors?: boolean | CorsOptions
  /**
   * A plugin of ordinary Fastify routes below the prefix. They use the app's parsers and error handler, **and are
   * protected like the endpoint: by the check of Host and Origin, and by `auth`**. A route with
   * `config: { public: true }` is not. The other routes read their caller with `authInfoOf(request)`.
   * @default none
   * @example
   * app.register(mcpPlugin, {
   *   server,
   *   routes: async (scope) => { scope.get('/export', async () => 'all notes') }
   * })
   */
  readonly routes?: FastifyPluginAsync
  /**
   * Answers GET and HEAD of health checks below the prefix: `/health/live` with 200, `/health` and `/health/ready` with
   * 200, or with 503 once the app has begun to close. Anyone may call them: Host, Origin and caller are not checked.
   * An object changes the path, or adds a check of your own.
   * @default false
   */
  readonly health?: boolean | HealthOptions
  /**
   * Fastify hooks that run only for requests to the endpoint, after the checks of the mount.
   * @default none
   * @example
   * app.register(mcpPlugin, {
   *   server,
   *   hooks: { preHandler: async (request) => { request.log.info(request.body) } }
   * })
   */
  readonly hooks?: MountHooks
  /**
   * The `config` of the endpoint's routes, which plugins of the app read, such as `@fastify/rate-limit`. What the mount
   * decides by options of its own, `cors`, `mcp` and `public`, is refused here.
   * @default none
   * @example
   * await app.register(rateLimit, { global: false })
   * app.register(mcpPlugin, { server, config: { rateLimit: { max: 100, timeWindow: '1 minute' } } })
   */
  readonly config?: Readonly<Omit<FastifyContextConfig, 'cors' | 'mcp' | 'public'>>
  /**
   * Serves legacy clients without sessions, so that any process can answer any request. Handlers then cannot ask legacy
   * clients questions, and legacy clients are not notified of changes.
   * @default false
   */
  readonly stateless?: boolean
  /**
   * Answers every request with one JSON body and offers no streams. Progress and log messages are dropped, clients are
   * not notified of changes, and handlers cannot ask legacy clients questions.
   * @default false
   */
  readonly jsonResponse?: boolean
  /** Serves revisions before `2026-07-28` as well. With `false`, their requests are refused. @default true */
  readonly legacy?: boolean
  /**
   * Also serves HTTP+SSE of revision 2024-11-05, at `/sse` and `/messages` below the prefix, to clients that support
   * nothing newer. Both URLs are protected like the endpoint. The sessions live in one process and end with their
   * streams.
   * @default false
   * @deprecated Revision 2025-03-26 replaced this transport by Streamable HTTP, which the endpoint serves.
   * @see https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
   */
  readonly legacySse?: boolean | LegacySseOptions
  /**
   * How many milliseconds a legacy session may go without a request before it ends. 0 means no limit, which `cluster`
   * does not accept.
   * @default 1800000 (30 minutes)
   */
  readonly sessionIdleTimeout?: number
  /**
   * How many legacy sessions may be open at once; with `cluster`, over all nodes. Beyond that, `initialize` gets 503.
   * Without `auth`, the oldest session that was never used is ended first to make room.
   * @default 10000
   */
  readonly maxSessions?: number
  /**
   * How many bytes of URIs one session, or one stream of `subscriptions/listen`, may watch. Beyond that, the client
   * gets `Invalid params`.
   * @default 262144 (256 KiB)
   */
  readonly maxWatched?: number
  /**
   * How many bytes of URIs all clients of this process may watch together. Beyond that, clients get 503.
   * @default 67108864 (64 MiB)
   */
  readonly maxWatchedTotal?: number
  /**
   * How many streams of `subscriptions/listen` may be open at once in this process. Beyond that, clients get 503.
   * @default 1024
   */
  readonly maxStreams?: number
  /**
   * How many calls may be served at once in this process. Requests of every method count, each request of a batch on
   * its own, but not the streams of `subscriptions/listen`. A call counts until its handler has ended, even if its
   * client has left. Beyond that, clients get 503 with `Retry-After`, and a request in a batch gets an error.
   * @default 10000
   */
  readonly maxCallsInFlight?: number
  /**
   * How many calls of one legacy session this process serves at once; in a cluster, each node counts on its own. Beyond
   * that, clients get 429 with `Retry-After`, and a request in a batch gets an error.
   * @default no limit, except that of the caller
   * @see maxCallsInFlight
   */
  readonly maxCallsInFlightPerSession?: number
  /**
   * Stores the events of legacy streams, so that a client whose connection broke can resume with `Last-Event-ID`. A
   * `cluster` brings an event store of its own.
   * @default none: such a client has to send its request again
   * @example app.register(mcpPlugin, { server, eventStore: createMemoryEventStore() })
   */
  readonly eventStore?: EventStore
  /**
   * Makes this mount a node of a cluster, behind any load balancer. Mounts of the same name in the same cluster serve
   * the same clients: the cluster stores sessions and events, and passes on changes.
   * @default none: this process serves its clients alone
   * @example app.register(mcpPlugin, { server, cluster: redisCluster({ url: 'redis://localhost:6379' }) })
   */
  readonly cluster?: Cluster
  /**
   * How many milliseconds a client waits before it resumes a broken stream. It is sent as the `retry` field of the
   * stream. Needs `eventStore` or `cluster`.
   * @default the client decides
   */
  readonly retryInterval?: number
  /**
   * After how many milliseconds of silence a comment keeps a connection open. A reply that has been silent for that
   * long becomes a stream first, unless the client accepts none. 0 turns this off.
   * @default 15000
   */
  readonly keepAliveInterval?: number
  /** How many bytes a body may have. A longer one gets 413. @default 4194304 (4 MiB) */
  readonly bodyLimit?: number
  /** How many levels deep a body may be nested. A deeper one gets 400. @default 1000 */
  readonly maxDepth?: number
  /** How many keys and values a body may have in total. One with more gets 400 and is not parsed. @default 50000 */
  readonly maxValues?: number
  /**
   * How many messages a batch may have. A longer one gets 400. Only revision 2025-03-26 has batches.
   * @default 100
   */
  readonly maxBatch?: number
  /**
   * How many bytes may be buffered for a client that does not read its stream. If a further message comes when more are
   * buffered, the stream is cut. The length of that message does not count.
   * @default 1048576 (1 MiB)
   */
  readonly maxBuffered?: number
  /**
   * How many milliseconds one operation of the `eventStore` may take; an operation of the `cluster` may take three
   * times as long. 0 means no limit. An event that is not stored in time is still sent, but cannot be replayed. A
   * request whose session is not found in time gets 503.
   * @default 3000
   */
  readonly storeTimeout?: number
  /**
   * How many milliseconds `app.close()` waits for calls that are being served. Then they are cut: `ctx.signal` is
   * aborted, and the client gets 503 or, on a stream, an error.
   * @default 10000
   */
  readonly closeGracePeriod?: number
  /**
   * Fastify's route constraints, for the endpoint and `routes`. A `host` that is a string without a port matches any
   * port, and is served in addition to the `allowedHosts`. The hosts of a pattern must be listed in `allowedHosts`.
   * @see https://fastify.dev/docs/latest/Reference/Routes/#constraints
   * @example app.register(mcpPlugin, { server, constraints: { host: 'api.example.com' } })
   */
  readonly constraints?: NonNullable<RouteShorthandOptions['constraints']>
  /**
   * Logs a line for each call of a tool, read of a resource, use of a prompt and refused request: with the
   * outcome, the time it took, the user and the client, under the `reqId` of the HTTP request. Tokens, cookies and ids
   * of sessions are never logged, and arguments only if `arguments` says so. While the level of the logger is `trace`,
   * each message between client and server is a line, too.
   * @default false
   */
  readonly log?: 'calls' | false | CallLogOptions
  /** The log level of requests to the mount. @default the app's log level */
  readonly logLevel?: NonNullable<RouteShorthandOptions['logLevel']>
}

/** The options of a mount that serves routes of the app, and nothing else. */
export interface RouteMountOptions extends Omit<McpMountOptions, 'server' | 'expose'> {
  /** Left out. */
  readonly server?: undefined
  /** Turns routes of the app into tools, of a server with this `name` and `version`. */
  readonly expose: ExposeOptions & Required<Pick<ExposeOptions, 'name' | 'version'>>
}

/** The options of a mount, whichever of its forms they have. */
export type AnyMountOptions = McpMountOptions | RouteMountOptions
