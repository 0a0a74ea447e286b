// Keeps what the authorization server keeps in Redis, for several processes.
import { redisClient, required, string } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import type { OAuthStore } from './store.ts'

/** The commands of a client of Redis that {@link redisStore} uses. Clients of `ioredis` have them. */
export interface RedisCommands {
  /** Runs GET. */
  get (key: string): Promise<string | null>
  /** Runs SET with PX. */
  set (key: string, value: string, px: 'PX', ttl: number): Promise<unknown>
  /** Runs SET with PX and NX, and resolves to `OK` if the key had no value. */
  set (key: string, value: string, px: 'PX', ttl: number, nx: 'NX'): Promise<unknown>
  /** Runs GETDEL, which needs Redis 6.2 or Valkey. */
  getdel (key: string): Promise<string | null>
  /** Runs EVAL. */
  eval (script: string, keys: number, key: string, change: number, ttl: number): Promise<unknown>
}

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /** A client of Redis, such as `new Redis(url)` of `ioredis`. It stays yours: close it when the app has closed. */
  readonly client: RedisCommands
  /** The beginning of the names of all keys. @default 'mcp-oauth:' */
  readonly prefix?: string
}

const client = redisClient<RedisCommands>('get', 'set', 'getdel', 'eval')

const REDIS_STORE = {
  client: required(client()),
  prefix: string('mcp-oauth:')
} satisfies TableOf<RedisStoreOptions>

// Returns the sum.
const COUNT = `
  local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
  if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
  return sum
`

/**
 * Creates a store in Redis. All nodes of an app share it, so each node finishes what another one began. Keys expire in
 * Redis. While Redis cannot be reached, no user can sign in or refresh; access tokens stay valid, because mounts
 * verify them without a look-up.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example
 * import { Redis } from 'ioredis'
 * import { redisStore } from 'fastify-mcp-mount/oauth'
 *
 * const client = new Redis('redis://localhost:6379', { lazyConnect: true })
 * const store = redisStore({ client })
 */
export function redisStore (options: RedisStoreOptions): OAuthStore {
  const { client, prefix } = resolve(REDIS_STORE, options, 'redisStore.')
  return Object.freeze<OAuthStore>({
    get: async (key) => await client.get(prefix + key) ?? undefined,
    set: async (key, value, ttl) => { await client.set(prefix + key, value, 'PX', Math.ceil(ttl)) },
    add: async (key, value, ttl) => await client.set(prefix + key, value, 'PX', Math.ceil(ttl), 'NX') === 'OK',
    take: async (key) => await client.getdel(prefix + key) ?? undefined,
    count: async (key, change, ttl) => Number(await client.eval(COUNT, 1, prefix + key, change, Math.ceil(ttl)))
  })
}
