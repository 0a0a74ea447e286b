// The options of a cluster on Redis.
import type { Redis } from 'ioredis'
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { kind, kindOf, nested, whole } from '../options/checks.ts'
import { resolve, type ResolvedOf, type TableOf } from '../options/table.ts'
import { findClientProblem } from './client-check.ts'
import type { RedisEventOptions } from './redis-event-store.ts'

/** The options of a cluster on Redis. All durations are milliseconds. */
export interface RedisClusterOptions {
  /**
   * A client of ioredis, for commands. It is not closed with the app. Its `duplicate()` makes a second connection, for
   * messages between nodes. Settings with which it could not serve a cluster are refused. Pass either this or `url`.
   */
  readonly client?: Redis
  /** The URL of Redis: `redis://` or `rediss://`. The connections are closed with the app. */
  readonly url?: string
  /** The prefix of all keys and channels. @default 'mcp:' */
  readonly keyPrefix?: string
  /** How many events of a stream are stored, for clients that resume. */
  readonly events?: RedisEventOptions
  /** The longest wait for an answer of Redis. After it, an outage begins. @default 2000 */
  readonly commandTimeout?: number
  /** The longest time without a heartbeat. After it, a node counts as dead, and its calls as lost. @default 10000 */
  readonly nodeTimeout?: number
}

const redisUrl = kind<string>((value) => {
  const url = typeof value === 'string' ? parseUrl(value) : undefined
  if (url === undefined || !/^rediss?:$/.test(url.protocol)) return "must be a URL, such as 'redis://localhost:6379'"
  if (/^\/?\d*$/.test(url.pathname)) return undefined
  return "must name a database by its number, if at all, such as 'redis://localhost:6379/1'"
})
const keyPrefix = kindOf<string>("must be a string, such as 'mcp:'", (value) => typeof value === 'string')

const EVENTS = {
  maxLength: whole(1000),
  maxBytes: whole(8 * 1024 * 1024),
  maxAge: whole(300_000)
} satisfies TableOf<RedisEventOptions>

const REDIS_CLUSTER = {
  client: kind<Redis>(findClientProblem)(),
  url: redisUrl(),
  keyPrefix: keyPrefix('mcp:'),
  events: nested(EVENTS, "must be an object with 'maxLength', 'maxBytes' or 'maxAge'"),
  commandTimeout: whole(2000),
  nodeTimeout: whole(10_000)
} satisfies TableOf<RedisClusterOptions>

/** The checked and completed options. */
export type ResolvedRedisOptions = Omit<ResolvedOf<typeof REDIS_CLUSTER>, 'client' | 'url'> & {
  /** The client that was given, or else where Redis is. */
  readonly source:
    | { readonly client: Redis, readonly url?: undefined }
    | { readonly client?: undefined, readonly url: string }
}

/** Checks and completes the options, without writing to the given object. @throws MCP_ERR_INVALID_OPTION */
export function resolveRedisOptions (given: RedisClusterOptions): ResolvedRedisOptions {
  const { client, url, ...options } = resolve(REDIS_CLUSTER, given)
  return Object.freeze({ ...options, source: findSource(client, url) })
}

function findSource (client: Redis | undefined, url: string | undefined): ResolvedRedisOptions['source'] {
  if (client !== undefined && url !== undefined) {
    throw new MCP_ERR_INVALID_OPTION('url', "contradicts 'client', which knows where Redis is; leave one of them out")
  }
  if (client !== undefined) return { client }
  if (url !== undefined) return { url }
  const problem = "is missing: pass { url: 'redis://localhost:6379' }, or { client } with a client of ioredis"
  throw new MCP_ERR_INVALID_OPTION('url', problem)
}

function parseUrl (text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
