// Which nodes are alive, and how many places each holder has on them. The places are free again when the node is gone.
import { digest, type Keys } from './keys.ts'
import type { RedisLink } from './link.ts'
import { createRepeatableScript, createScript, LUA_NOW } from './scripts.ts'

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
// their ids, and are in the same slot.
const HOLD = createScript(`${LUA_NOW}
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
return 1`)

// KEYS nodes
const LIVING = createRepeatableScript(`${LUA_NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')`)

// KEYS the node's places; ARGV nodeTimeout, then holder and count of each
const RESTORE = createScript(`
redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])`)

/** One node in Redis. */
export class Presence {
  readonly #link: RedisLink
  readonly #keys: Keys
  readonly #id: string
  readonly #nodeTimeout: number
  readonly #held = new Map<string, number>()
  // Whether the counts in Redis may differ from those held here.
  #isStale = false

  /** @param nodeTimeout Milliseconds without a heartbeat after which the node counts as dead. */
  constructor (
    link: RedisLink, keys: Keys, { id, nodeTimeout }: { readonly id: string, readonly nodeTimeout: number }
  ) {
    this.#link = link
    this.#keys = keys
    this.#id = id
    this.#nodeTimeout = nodeTimeout
  }

  /** Sends a heartbeat. If Redis lost the places of this node, or may have, they are written again. */
  async heartbeat (): Promise<void> {
    const keys = this.#keys
    const used = [keys.nodes, keys.node(this.#id), keys.places(this.#id)]
    const wasAlive = await this.#link.runScript(HEARTBEAT, used, [this.#id, this.#nodeTimeout]) === 1
    if (wasAlive ? !this.#isStale : this.#held.size === 0) return
    this.#isStale = false
    try {
      await this.#link.runScript(RESTORE, [keys.places(this.#id)], [this.#nodeTimeout, ...[...this.#held].flat()])
    } catch (error) {
      this.#isStale = true
      throw error
    }
  }

  /** Implements {@link ClusterNode.hold}. */
  async hold (holder: string, count: number, max: number): Promise<boolean> {
    const name = digest(holder)
    const limit = Math.min(max, Number.MAX_SAFE_INTEGER)
    const before = this.#held.get(name) ?? 0
    // Noted before the answer, because a heartbeat may write all counts again meanwhile.
    this.#note(name, count)
    try {
      const used = [this.#keys.nodes, this.#keys.places(this.#id)]
      const given = [this.#id, this.#nodeTimeout, name, count, limit]
      const isHeld = await this.#link.runScript(HOLD, used, given) === 1
      if (!isHeld && this.#held.get(name) === count) this.#note(name, before)
      return isHeld
    } catch (error) {
      this.#isStale = true
      throw error
    }
  }

  /** Implements {@link ClusterNode.others}. */
  async others (): Promise<readonly string[]> {
    const living = await this.#link.runScript(LIVING, [this.#keys.nodes], []) as readonly string[]
    return living.filter((nodeId) => nodeId !== this.#id)
  }

  /** Removes the node and all places that it holds. */
  async leave (): Promise<void> {
    this.#held.clear()
    const keys = this.#keys
    await this.#link.run((client) => client.del(keys.node(this.#id), keys.places(this.#id)))
    await this.#link.run((client) => client.zrem(keys.nodes, this.#id))
  }

  #note (name: string, count: number): void {
    if (count === 0) this.#held.delete(name)
    else this.#held.set(name, count)
  }
}
