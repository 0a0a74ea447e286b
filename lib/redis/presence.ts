// Which nodes are alive, and how many places each holder has on them. The places are free again when the node is gone.
import { digest, type Keys } from './keys.ts'
import type { RedisLink } from './link.ts'
import { createOrderedScript, createRepeatableScript, createScript, LUA_NOW } from './scripts.ts'

// KEYS nodes, the node's heartbeat, the node's places; ARGV node, nodeTimeout. Returns whether the last heartbeat was
// still there.
const HEARTBEAT = createScript(`${LUA_NOW}
local timeout = tonumber(ARGV[2])
local known = redis.call('EXISTS', KEYS[2])
redis.call('SET', KEYS[2], '', 'PX', timeout)
redis.call('PEXPIRE', KEYS[3], timeout)
redis.call('ZADD', KEYS[1], now + timeout, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], timeout)
return known`)

// KEYS nodes, the node's places; ARGV node, nodeTimeout, holder, count, max. The keys of other nodes differ only in
// their ids, and are in the same slot. It is a sign of life, too: a node whose heartbeat is late would hold places that
// no other node counts.
const HOLD = createOrderedScript(`${LUA_NOW}
local places, node, holder, count = KEYS[2], ARGV[1], ARGV[3], tonumber(ARGV[4])
local function held(key)
  return tonumber(redis.call('HGET', key, holder) or 0)
end
if count > held(places) then
  local all = count
  for _, other in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
    if other ~= node then all = all + held(string.sub(places, 1, -1 - #node) .. other) end
  end
  if all > tonumber(ARGV[5]) then return 0 end
end
if count == 0 then redis.call('HDEL', places, holder) else redis.call('HSET', places, holder, count) end
redis.call('PEXPIRE', places, ARGV[2])
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), node)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`)

// KEYS nodes
const LIVING = createRepeatableScript(`${LUA_NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')`)

// KEYS the node's places; ARGV nodeTimeout, then holder and count of each
const RESTORE = createScript(`
redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])`)

/** The settings of a {@link Presence}. */
export interface PresenceSettings {
  readonly id: string
  /** Milliseconds without a heartbeat after which the node counts as dead. */
  readonly nodeTimeout: number
  /** Called when the last heartbeat had expired before the next one, so other nodes may have found this one dead. */
  readonly onPresumedDead: () => void
}

/** One node in Redis. */
export class Presence {
  readonly #link: RedisLink
  readonly #keys: Keys
  readonly #id: string
  readonly #nodeTimeout: number
  // The counts that Redis has granted, and those that could not be sent during an outage.
  readonly #held = new Map<string, number>()
  // The counts on their way to Redis.
  readonly #setting = new Set<Promise<unknown>>()
  // Settles when all counts that are being written again are written.
  #restored: Promise<unknown> = Promise.resolve()
  readonly #onPresumedDead: () => void
  #hasBeaten = false
  // Whether the counts in Redis may differ from those held here.
  #isStale = false
  #hasLeft = false

  constructor (link: RedisLink, keys: Keys, { id, nodeTimeout, onPresumedDead }: PresenceSettings) {
    this.#link = link
    this.#keys = keys
    this.#id = id
    this.#nodeTimeout = nodeTimeout
    this.#onPresumedDead = onPresumedDead
  }

  /** Sends a heartbeat. If Redis lost the places of this node, or may have, they are written again. */
  async heartbeat (): Promise<void> {
    const keys = this.#keys
    const used = [keys.nodes, keys.node(this.#id), keys.places(this.#id)]
    const wasAlive = await this.#link.runScript(HEARTBEAT, used, [this.#id, this.#nodeTimeout]) === 1
    if (!wasAlive && this.#hasBeaten) this.#onPresumedDead()
    this.#hasBeaten = true
    if (wasAlive ? !this.#isStale : this.#held.size === 0) return
    this.#isStale = false
    const restored = this.#restore()
    this.#restored = restored.catch(() => { this.#isStale = true })
    await restored
  }

  /** Implements {@link ClusterNode.hold}. */
  async hold (holder: string, count: number, max: number): Promise<boolean> {
    const name = digest(holder)
    await this.#restored
    if (this.#hasLeft) return true
    const given = [this.#id, this.#nodeTimeout, name, count, Math.min(max, Number.MAX_SAFE_INTEGER)]
    const answer = this.#link.runScript(HOLD, [this.#keys.nodes, this.#keys.places(this.#id)], given)
    this.#setting.add(answer)
    try {
      const isHeld = await answer === 1
      if (isHeld) this.#note(name, count)
      return isHeld
    } catch (error) {
      this.#note(name, count)
      this.#isStale = true
      throw error
    } finally {
      this.#setting.delete(answer)
    }
  }

  /** Implements {@link ClusterNode.others}. */
  async others (): Promise<readonly string[]> {
    const living = await this.#link.runScript(LIVING, [this.#keys.nodes], []) as readonly string[]
    return living.filter((nodeId) => nodeId !== this.#id)
  }

  /** Removes the node and all places that it holds. */
  async leave (): Promise<void> {
    this.#hasLeft = true
    this.#held.clear()
    const keys = this.#keys
    await this.#link.run((client) => client.del(keys.node(this.#id), keys.places(this.#id)))
    await this.#link.run((client) => client.zrem(keys.nodes, this.#id))
  }

  // Waits for the counts on their way, so that none of them is overwritten by an older one; later ones wait for this.
  async #restore (): Promise<void> {
    await Promise.allSettled(this.#setting)
    await this.#link.runScript(RESTORE, [this.#keys.places(this.#id)], [this.#nodeTimeout, ...[...this.#held].flat()])
  }

  #note (name: string, count: number): void {
    if (count === 0) this.#held.delete(name)
    else this.#held.set(name, count)
  }
}
