// The options of a cluster on Redis, and their checks.
import type { Redis } from 'ioredis'
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { findOptionProblem, isCount, optional, type Check, type Checks } from '../option-check.ts'
import { isRedisClient } from './client-check.ts'
import type { RedisEventOptions } from './redis-event-store.ts'

/** How nodes share Redis. All durations are milliseconds. */
export interface RedisClusterOptions {
  /**
   * A client of ioredis, for commands. It is not closed with the app; for what nodes tell each other a second connection is
   * made by its `duplicate()`. Settings with which it could not serve a cluster are refused. Either this or `url`.
   */
  readonly client?: Redis
  /** Where Redis is: `redis://` or `rediss://`. The connections are closed with the app. */
  readonly url?: string
  /** What the names of all keys and channels begin with. @default 'mcp:' */
  readonly keyPrefix?: string
  /** What is kept of streams, for clients whose connection breaks. */
  readonly events?: RedisEventOptions
  /** How long an answer of Redis is waited for; then Redis counts as away. @default 2000 */
  readonly commandTimeout?: number
  /** How long a node may be silent; then it counts as dead, and its calls as lost. @default 10000 */
  readonly nodeTimeout?: number
}

/** Options that were checked and completed. */
export type ResolvedRedisOptions = Required<Omit<RedisClusterOptions, 'client' | 'url' | 'events'>> & {
  /** The one that was given, or else where Redis is. */
  readonly source: { readonly client: Redis, readonly url?: undefined } | { readonly client?: undefined, readonly url: string }
  readonly events: Required<RedisEventOptions>
}

const EVENT_CHECKS: Checks<RedisEventOptions> = { maxLength: optional(isCount), maxBytes: optional(isCount), maxAge: optional(isCount) }

const isRedisUrl: Check = (value) => {
  const url = typeof value === 'string' ? parseUrl(value) : undefined
  if (url === undefined || !/^rediss?:$/.test(url.protocol)) return "must be a URL, such as 'redis://localhost:6379'"
  return /^\/?\d*$/.test(url.pathname) ? undefined : "must name a database by its number, if at all, such as 'redis://localhost:6379/1'"
}
const isString: Check = (value) => typeof value === 'string' ? undefined : "must be a string, such as 'mcp:'"
const isEvents: Check = (value) => {
  if (typeof value !== 'object' || value === null) return "must be an object with 'maxLength', 'maxBytes' or 'maxAge'"
  const problem = findOptionProblem(value, EVENT_CHECKS)
  return problem && `has a '${problem.name}' that ${problem.problem}`
}

const CHECKS: Checks<RedisClusterOptions> = {
  client: optional(isRedisClient),
  url: optional(isRedisUrl),
  keyPrefix: optional(isString),
  events: optional(isEvents),
  commandTimeout: optional(isCount),
  nodeTimeout: optional(isCount)
}

/** Checks and completes options; the object given is not written to. @throws MCP_ERR_INVALID_OPTION */
export function resolveRedisOptions (options: RedisClusterOptions): ResolvedRedisOptions {
  const problem = findOptionProblem(options, CHECKS)
  if (problem !== undefined) throw new MCP_ERR_INVALID_OPTION(problem.name, problem.problem)
  return Object.freeze({
    source: findSource(options),
    keyPrefix: options.keyPrefix ?? 'mcp:',
    events: {
      maxLength: options.events?.maxLength ?? 1000,
      maxBytes: options.events?.maxBytes ?? 8 * 1024 * 1024,
      maxAge: options.events?.maxAge ?? 300_000
    },
    commandTimeout: options.commandTimeout ?? 2000,
    nodeTimeout: options.nodeTimeout ?? 10_000
  })
}

function findSource ({ client, url }: RedisClusterOptions): ResolvedRedisOptions['source'] {
  if (client !== undefined && url !== undefined) throw new MCP_ERR_INVALID_OPTION('url', "contradicts 'client', which knows where Redis is; leave one of them out")
  if (client !== undefined) return { client }
  if (url !== undefined) return { url }
  throw new MCP_ERR_INVALID_OPTION('url', "is missing: pass { url: 'redis://localhost:6379' }, or { client } with a client of ioredis")
}

function parseUrl (text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
