// The options of a mount, as users write them.
import type { FastifyPluginAsync, RouteShorthandOptions } from 'fastify'
import type { AuthOptions } from '../auth/auth-options.ts'
import type { Cluster } from '../store/cluster.ts'
import type { Mountable } from '../sdk/recognise.ts'
import type { EventStore } from '../store/event-store.ts'
import type { ShareOptions } from '../shares/share-options.ts'
import type { CorsOptions } from './cors-options.ts'
import type { HealthOptions } from './health-options.ts'
import type { MountHooks } from './hooks.ts'
import type { LegacySseOptions } from './legacy-sse-options.ts'

/** The options of one mount. Times are milliseconds, sizes bytes. */
export interface McpMountOptions extends ShareOptions {
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
   * The hosts that are served, as `Host` names them: `name`, `name:8080`, or `name:*` for any port or none. Neither their case,
   * a dot at the end nor the default port, 80 or 443, makes a difference. Others get 421.
   * @default ['127.0.0.1:*', 'localhost:*', '[::1]:*']
   */
  readonly allowedHosts?: readonly string[]
  /**
   * The origins that are served, where a browser sends one: `https://name`, or `https://name:*` for any port or none. Others
   * get 403. `'*'` in place of the array serves pages of every origin; the log warns of it, and `Host` is checked nevertheless.
   * @default the default of allowedHosts, each with http://
   */
  readonly allowedOrigins?: readonly string[] | '*'
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
  /**
   * Sessions open at once; past it `initialize` gets 503. Without `auth` the oldest session that was never used makes room first.
   * @default 10000
   */
  readonly maxSessions?: number
  /**
   * Bytes of the URIs that one session, or one stream of `subscriptions/listen`, watches; past it a client is refused.
   * @default 262144 (256 KiB)
   */
  readonly maxWatched?: number
  /** Bytes of the URIs that all clients watch together, in this process; past it a client gets 503. @default 67108864 (64 MiB) */
  readonly maxWatchedTotal?: number
  /** Streams of `subscriptions/listen` open at once; past it a client gets 503. @default 1024 */
  readonly maxStreams?: number
  /**
   * Calls being served at once in this process: requests of any method, each of a batch, but not the streams of
   * `subscriptions/listen`; past it a client gets 503 with `Retry-After`, in a batch an error. A call counts until its handler
   * has ended, even when its client has left. @default 10000
   */
  readonly maxCallsInFlight?: number
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
  /** The most keys and values of a body, all together; one with more gets 400, before it is parsed. @default 50000 */
  readonly maxValues?: number
  /** The most messages of a batch (revision 2025-03-26 only); a longer one gets 400. @default 100 */
  readonly maxBatch?: number
  /** Bytes that may wait for a client that does not read its stream; past it the stream is cut. @default 1048576 (1 MiB) */
  readonly maxBuffered?: number
  /**
   * How long the `eventStore` may take for one operation, and three times as long what the `cluster` shares; 0 for ever. An event
   * that is not kept in time is sent all the same, and cannot be sent again. A request whose session is not found in time gets 503.
   * @default 3000
   */
  readonly storeTimeout?: number
  /** How long closing the app waits for requests being served; then they are cut. @default 10000 */
  readonly closeGracePeriod?: number
  /**
   * Fastify's route constraints. A `host` that is a string without a port stands for any port, and is served besides the
   * allowed ones.
   * @example { host: 'api.example.com' }
   */
  readonly constraints?: NonNullable<RouteShorthandOptions['constraints']>
  /** The log level of the mount's requests. @default the app's */
  readonly logLevel?: NonNullable<RouteShorthandOptions['logLevel']>
}
