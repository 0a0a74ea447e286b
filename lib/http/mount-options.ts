// The options of a mount, as users write them.
import type { FastifyPluginAsync, RouteShorthandOptions } from 'fastify'
import type { AuthOptions } from '../auth/auth-options.ts'
import type { Cluster } from '../store/cluster.ts'
import type { Mountable } from '../sdk/recognise.ts'
import type { EventStore } from '../store/event-store.ts'
import type { ShareOptions } from '../shares/share-options.ts'
import type { CorsOptions } from './guard/cors-options.ts'
import type { HealthOptions } from './beside/health-options.ts'
import type { MountHooks } from './beside/hooks.ts'
import type { LegacySseOptions } from './sse-2024/options.ts'

/** The options of one mount. Times are milliseconds, sizes bytes. */
export interface McpMountOptions extends ShareOptions {
  /**
   * The server to mount: an `McpServer`, a server of the official SDK v1, a function that makes SDK servers (v1 or v2),
   * or an SDK v2 handler. The same server may be mounted any number of times.
   */
  readonly server: Mountable
  /** The prefix of the endpoint's path, as everywhere in Fastify. @default '' */
  readonly prefix?: string
  /** The endpoint's path below the prefix; `'/'` makes the prefix the endpoint. @default '/mcp' */
  readonly path?: string
  /**
   * The name of the mount in `app.mcp`. A server that is mounted twice needs two names.
   * @default the server's name; the endpoint's path if only the server's sessions have names
   */
  readonly name?: string
  /**
   * The hosts that are served, as written in `Host`: `name`, `name:8080`, or `name:*` for any port or none. Case, a dot
   * at the end and the default port, 80 or 443, make no difference. Requests for other hosts get 421.
   * @default ['127.0.0.1:*', 'localhost:*', '[::1]:*']
   */
  readonly allowedHosts?: readonly string[]
  /**
   * The origins whose pages are served: `https://name`, or `https://name:*` for any port or none. Pages of other
   * origins get 403; requests without an `Origin` are served. `'*'` in place of the array serves pages of every
   * origin: the log warns of it, and `Host` is still checked.
   * @default the default of allowedHosts, each with http://
   */
  readonly allowedOrigins?: readonly string[] | '*'
  /** Checks Host and Origin. Turn this off only behind a proxy that checks them. @default true */
  readonly dnsRebindingProtection?: boolean
  /**
   * The URL at which clients reach the app, such as `https://api.example.com`. Its host and origin are served in
   * addition to the allowed ones.
   */
  readonly publicUrl?: string
  /**
   * Serves authorized callers only: by `verify`, with access tokens for `publicUrl`, or by `authenticate`, where the
   * app already knows its callers. Handlers find the caller in `ctx.auth`. @default none: everybody is served
   */
  readonly auth?: AuthOptions
  /**
   * Lets pages of the `allowedOrigins` use the endpoint: answers the preflights of browsers, and sets the headers that
   * browsers look for on every reply. An object adds settings; origins are set by `allowedOrigins` only. If the app has
   * `@fastify/cors`, it follows this option at the endpoint.
   * @default false
   */
  readonly cors?: boolean | CorsOptions
  /**
   * Ordinary Fastify routes beside the endpoint, below its prefix. They use the parsers and the error handler of the
   * app, **the mount's check of Host and Origin, and its `auth`**; a route with `config: { public: true }` is not
   * checked. A route that is checked finds its caller by `authInfoOf(request)`.
   * @example
   * app.register(mcpPlugin, {
   *   server,
   *   routes: async (scope) => { scope.get('/export', async () => 'all notes') }
   * })
   */
  readonly routes?: FastifyPluginAsync
  /**
   * Answers GET and HEAD below the prefix: `/health/live` with 200, and `/health` and `/health/ready` with 200, or with
   * 503 once the app has begun to close. Anybody may ask: neither Host nor Origin nor the caller is checked.
   * @default false
   */
  readonly health?: boolean | HealthOptions
  /** Fastify hooks for the requests to the endpoint only. They run after the mount's own checks. @default none */
  readonly hooks?: MountHooks
  /** Serves legacy clients without sessions. @default false */
  readonly stateless?: boolean
  /** Never answers with a stream: progress and log messages are dropped. @default false */
  readonly jsonResponse?: boolean
  /** Serves the legacy era as well as the modern one. @default true */
  readonly legacy?: boolean
  /**
   * Also serves HTTP+SSE of revision 2024-11-05, at `/sse` and `/messages` below the prefix, for clients that know
   * nothing newer. These URLs are protected as the endpoint is. Their sessions belong to one process and end with
   * their streams.
   * @default false
   * @deprecated Revision 2025-03-26 replaced this transport by Streamable HTTP, which the endpoint speaks.
   * @see https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
   */
  readonly legacySse?: boolean | LegacySseOptions
  /** How long a session may go without a request; 0 for ever. @default 1800000 (30 minutes) */
  readonly sessionIdleTimeout?: number
  /**
   * Sessions open at once; beyond it `initialize` gets 503. Without `auth` the oldest session that was never used is
   * ended to make room.
   * @default 10000
   */
  readonly maxSessions?: number
  /**
   * Bytes of the URIs that one session, or one stream of `subscriptions/listen`, watches; beyond it a client is
   * refused.
   * @default 262144 (256 KiB)
   */
  readonly maxWatched?: number
  /**
   * Bytes of the URIs that all clients of this process watch together; beyond it a client gets 503.
   * @default 67108864 (64 MiB)
   */
  readonly maxWatchedTotal?: number
  /** Streams of `subscriptions/listen` open at once; beyond it a client gets 503. @default 1024 */
  readonly maxStreams?: number
  /**
   * Calls being served at once in this process: requests of any method, each request of a batch, but not the streams
   * of `subscriptions/listen`; beyond it a client gets 503 with `Retry-After`, in a batch an error. A call counts
   * until its handler has ended, even when its client has left. @default 10000
   */
  readonly maxCallsInFlight?: number
  /**
   * Keeps the events of legacy streams, so that a client whose connection broke can resume.
   * @default none: such a client sends its request again
   */
  readonly eventStore?: EventStore
  /**
   * Makes this mount a node of a cluster: mounts of the same name in the same cluster serve the same clients, behind
   * any load balancer. The cluster keeps their sessions and events; `maxSessions` counts over all nodes.
   * @default none: this process serves its clients alone
   */
  readonly cluster?: Cluster
  /**
   * How long a client whose connection broke is told to wait before it resumes; needs `eventStore` or `cluster`.
   * @default the client's own choice
   */
  readonly retryInterval?: number
  /**
   * How long a reply may be silent before it becomes a stream, and a stream before a comment is sent; 0 for ever.
   * @default 15000
   */
  readonly keepAliveInterval?: number
  /** The longest body; a longer one gets 413. @default 4194304 (4 MiB) */
  readonly bodyLimit?: number
  /** The deepest nesting of a body; a deeper one gets 400. @default 1000 */
  readonly maxDepth?: number
  /** The most keys and values of a body, all together; beyond it a body gets 400, unparsed. @default 50000 */
  readonly maxValues?: number
  /** The most messages of a batch (revision 2025-03-26 only); a longer one gets 400. @default 100 */
  readonly maxBatch?: number
  /**
   * Bytes that may wait for a client that does not read its stream; beyond it the stream is cut.
   * @default 1048576 (1 MiB)
   */
  readonly maxBuffered?: number
  /**
   * How long one operation of the `eventStore` may take, and three times as long one of the `cluster`; 0 for ever. An
   * event that is not stored in time is sent all the same, but cannot be sent again. A request whose session is not
   * found in time gets 503.
   * @default 3000
   */
  readonly storeTimeout?: number
  /** How long closing the app waits for requests being served before it cuts them. @default 10000 */
  readonly closeGracePeriod?: number
  /**
   * Fastify's route constraints. A `host` that is a string without a port matches any port, and is served in addition
   * to the allowed ones.
   * @example { host: 'api.example.com' }
   */
  readonly constraints?: NonNullable<RouteShorthandOptions['constraints']>
  /** The log level of the mount's requests. @default the app's */
  readonly logLevel?: NonNullable<RouteShorthandOptions['logLevel']>
}
