// A cluster whose nodes share a Redis.
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Cluster, ClusterListeners, ClusterNode } from '../store/cluster.ts'
import { connect, loadRedis, type ConnectionOptions } from './connections.ts'
import { createKeys, type Keys, type KeySpace } from './keys.ts'
import { RedisLink } from './link.ts'
import { Presence } from './presence.ts'
import { createRedisBus } from './redis-bus.ts'
import { createRedisEventStore } from './redis-event-store.ts'
import { resolveRedisOptions, type RedisClusterOptions, type ResolvedRedisOptions } from './redis-options.ts'
import { createRedisSessionStore } from './redis-session-store.ts'

/**
 * Lets any number of processes serve the same clients as one. Sessions, events and notifications are in Redis 7 or
 * newer, or in Valkey. Needs `ioredis`. One object has two connections, whatever the number of its mounts.
 *
 * @throws MCP_ERR_INVALID_OPTION, MCP_ERR_MISSING_PACKAGE
 * @example app.register(mcpPlugin, { server, cluster: redisCluster({ url: 'redis://localhost:6379' }) })
 */
export function redisCluster (options: RedisClusterOptions): Cluster {
  const resolved = resolveRedisOptions(options)
  const link = createLink(resolved)
  const space = findKeySpace(resolved)

  return {
    join: (mount, listeners) => new RedisNode(link, createKeys(resolved.keyPrefix, mount, space), resolved, listeners)
  }
}

function createLink ({ source: { client, url }, commandTimeout, nodeTimeout }: ResolvedRedisOptions): RedisLink {
  const make = client === undefined ? createMaker(url) : (options: ConnectionOptions) => client.duplicate(options)
  return new RedisLink({
    connect: (events) => connect({ make, given: client, timeout: commandTimeout }, events),
    commandTimeout,
    nodeTimeout
  })
}

// A URL may name both, too: a client reads it when it is created.
function findKeySpace ({ source: { client, url } }: ResolvedRedisOptions): KeySpace {
  const { options } = client ?? createMaker(url)({ lazyConnect: true })
  return { prefix: String(options.keyPrefix ?? ''), database: options.db ?? 0 }
}

function createMaker (url: string): (options: ConnectionOptions) => Redis {
  const Client = loadRedis()
  return (options) => new Client(url, options)
}

class RedisNode implements ClusterNode {
  readonly id = randomBytes(8).toString('hex')
  readonly sessions
  readonly events
  readonly bus
  readonly #link: RedisLink
  readonly #keys: Keys
  readonly #presence: Presence
  readonly #user

  constructor (
    link: RedisLink, keys: Keys, { events, nodeTimeout }: ResolvedRedisOptions, listeners: ClusterListeners
  ) {
    this.#link = link
    this.#keys = keys
    this.#presence = new Presence(link, keys, {
      id: this.id, nodeTimeout, onPresumedDead: () => listeners.onPresumedDead?.()
    })
    const access = { link, keys, onUnreadable: (what: string) => listeners.onUnreadable?.(what) }
    this.sessions = createRedisSessionStore(access)
    this.events = createRedisEventStore(access, events)
    this.bus = createRedisBus(link, keys)
    this.#user = {
      onOutage: (error: Error) => listeners.onOutage(error),
      onRecovery: () => listeners.onRecovery(),
      onGap: () => listeners.onGap?.(),
      onHeartbeat: () => { this.#sendHeartbeat() }
    }
  }

  get isUnreachable (): boolean { return this.#link.isUnreachable }

  async isAlive (nodeId: string): Promise<boolean> {
    return await this.#link.run((client) => client.exists(this.#keys.node(nodeId))) === 1 || this.#link.isJustBack
  }

  others (): Promise<readonly string[]> {
    return this.#presence.others()
  }

  hold (holder: string, count: number, max: number): Promise<boolean> {
    return this.#presence.hold(holder, count, max)
  }

  async start (): Promise<void> {
    await this.#link.enter(this.#user)
    await this.#sendHeartbeat()
  }

  async close (): Promise<void> {
    await this.#presence.leave().catch(() => {})
    this.#link.leave(this.#user)
  }

  // Fails only during an outage; the link calls this again when Redis is back.
  async #sendHeartbeat (): Promise<void> {
    await this.#presence.heartbeat().catch(() => {})
  }
}
