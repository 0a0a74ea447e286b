// Keeps results in Redis, for several processes.
import { LONGEST_DURATION, redisClient, required, string } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import type { CacheStore } from './cache-store.ts'

/** The commands of a client of Redis that {@link redisCache} uses. Clients of `ioredis` have them. */
export interface CacheCommands {
  /** Runs GET. */
  get (key: string): Promise<string | null>
  /** Runs SET with PX. */
  set (key: string, value: string, px: 'PX', ttl: number): Promise<unknown>
  /** Runs DEL. */
  del (...keys: string[]): Promise<number>
  /** Runs ZADD. */
  zadd (key: string, score: number, member: string): Promise<unknown>
  /** Runs ZRANGE. */
  zrange (key: string, start: string, stop: string): Promise<unknown>
  /** Runs ZREM. */
  zrem (key: string, ...members: string[]): Promise<number>
  /** Runs ZREMRANGEBYSCORE. */
  zremrangebyscore (key: string, min: number | string, max: number | string): Promise<number>
  /** Runs PEXPIRE. */
  pexpire (key: string, ttl: number): Promise<number>
}

/** Options of {@link redisCache}. */
export interface RedisCacheOptions {
  /** A client of Redis, such as `new Redis(url)` of `ioredis`. It stays yours: close it when the app has closed. */
  readonly client: CacheCommands
  /** The beginning of the names of all keys. Caches with one prefix share their results. @default 'mcp-cache:' */
  readonly prefix?: string
}

const client = redisClient<CacheCommands>('get', 'set', 'del', 'zadd', 'zrange', 'zrem', 'zremrangebyscore', 'pexpire')

const REDIS_CACHE = {
  client: required(client()),
  prefix: string('mcp-cache:')
} satisfies TableOf<RedisCacheOptions>

// One command deletes 500 keys at most.
const LAST_OF_BATCH = '499'

/**
 * Keeps results in Redis, so that all nodes share them. Results expire in Redis; set its `maxmemory` to bound them.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example
 * import { Redis } from 'ioredis'
 * import { cacheResults, redisCache } from 'fastify-mcp-mount/middleware'
 *
 * const client = new Redis('redis://localhost:6379', { lazyConnect: true })
 * const cache = cacheResults({ tools: ['find_note'], ttl: '1 minute', store: redisCache({ client }) })
 */
export function redisCache (options: RedisCacheOptions): CacheStore {
  const { client, prefix } = resolve(REDIS_CACHE, options, 'redisCache.')
  const keyOf = (key: string): string => `${prefix}result:${key}`
  const groupOf = (group: string): string => `${prefix}group:${group}`

  return Object.freeze<CacheStore>({
    get: async (key) => await client.get(keyOf(key)) ?? undefined,
    async set (key, { text, ttl, groups }) {
      // All of them are sent at once, in this order: a result that no group has could not be dropped.
      await Promise.all([
        ...groups.flatMap((group) => [
          client.zadd(groupOf(group), Date.now() + ttl, key),
          client.zremrangebyscore(groupOf(group), '-inf', Date.now()),
          // Longer than any result of the group is kept, by whatever cache.
          client.pexpire(groupOf(group), LONGEST_DURATION)
        ]),
        client.set(keyOf(key), text, 'PX', ttl)
      ])
    },
    async drop (group) {
      for (;;) {
        const found = await client.zrange(groupOf(group), '0', LAST_OF_BATCH)
        // ZRANGE replies with an array.
        const keys = (found as readonly unknown[]).map(String)
        if (keys.length === 0) return
        await client.del(...keys.map(keyOf))
        await client.zrem(groupOf(group), ...keys)
      }
    }
  })
}
