// Sessions in Redis.
import type { LogLevel } from '../protocol/log-level.ts'
import type { RequestId } from '../protocol/message.ts'
import type { SessionChange, SessionRecord, SessionStore } from '../session/session-store.ts'
import type { Keys } from './keys.ts'
import type { RedisLink } from './link.ts'
import { createScript, LUA_NOW } from './scripts.ts'

// The set of open sessions lives as long as the one that expires last.
const LUA_LIVE = `
${LUA_NOW}
local function live(open, id, ttl)
  redis.call('ZADD', open, now + ttl, id)
  if redis.call('PTTL', open) < ttl then redis.call('PEXPIRE', open, ttl) end
end
`

// KEYS session, open; ARGV id, ttl, max, record, level. What takes memory comes first: once something was written, Redis no
// longer refuses it where there is none left.
const OPEN = createScript(`${LUA_LIVE}
local ttl = tonumber(ARGV[2])
if redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf') >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'r', ARGV[4], 'l', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ttl)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
live(KEYS[2], ARGV[1], ttl)
return 1`)

// KEYS open, then session and numbers of each; ARGV ttl, then id of each. Comes to those that have ended.
const TOUCH = createScript(`${LUA_LIVE}
local ttl = tonumber(ARGV[1])
local ended = {}
for i = 2, #ARGV do
  if redis.call('PEXPIRE', KEYS[2 * i - 2], ttl) == 1 then
    redis.call('PEXPIRE', KEYS[2 * i - 1], ttl)
    live(KEYS[1], ARGV[i], ttl)
  else
    ended[#ended + 1] = ARGV[i]
  end
end
return ended`)

// KEYS open, session, numbers; ARGV ttl, id
const LOAD = createScript(`${LUA_LIVE}
local found = redis.call('HMGET', KEYS[2], 'r', 'l')
if not found[1] then return false end
local ttl = tonumber(ARGV[1])
redis.call('PEXPIRE', KEYS[2], ttl)
redis.call('PEXPIRE', KEYS[3], ttl)
live(KEYS[1], ARGV[2], ttl)
return found`)

// KEYS session; ARGV field, value
const SET = createScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end`)

// KEYS session; ARGV node
const UNLISTEN = createScript(`
if redis.call('HGET', KEYS[1], 'g') == ARGV[1] then redis.call('HDEL', KEYS[1], 'g') end`)

// KEYS session, numbers; ARGV stream, name of the stream
const END = createScript(`
redis.call('HDEL', KEYS[1], 'c:' .. ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[2])`)

// KEYS session, open; ARGV id
const DELETE = createScript(`
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])`)

// KEYS open
const COUNT = createScript(`${LUA_NOW}
return redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf')`)

// So many that no other command waits long.
const MAX_TOUCHED_AT_ONCE = 500

/** Sessions in Redis. Each operation is one round trip; `touch` is one for every 500 sessions. */
export function createRedisSessionStore (link: RedisLink, keys: Keys): SessionStore {
  async function touch (sessionIds: readonly string[], ttl: number): Promise<readonly string[]> {
    const touched = [keys.open, ...sessionIds.flatMap((sessionId) => [keys.session(sessionId), keys.numbers(sessionId)])]
    return await link.runScript(TOUCH, touched, [ttl, ...sessionIds]) as readonly string[]
  }

  function change (sessionId: string, change: SessionChange): Promise<unknown> {
    const session = keys.session(sessionId)
    switch (change.kind) {
      case 'logLevel': return link.runScript(SET, [session], ['l', change.level])
      case 'subscribe': return link.runScript(SET, [session], [`s:${change.uri}`, ''])
      case 'unsubscribe': return link.run((client) => client.hdel(session, `s:${change.uri}`))
      case 'listen': return link.runScript(SET, [session], ['g', change.node])
      case 'unlisten': return link.runScript(UNLISTEN, [session], [change.node])
      case 'begin': return link.runScript(SET, [session], [`c:${change.streamId}`, JSON.stringify(change.ids)])
      case 'end': return link.runScript(END, [session, keys.numbers(sessionId)], [change.streamId, change.streamId.slice(sessionId.length + 1)])
    }
  }

  return {
    async open (sessionId, { logLevel, ...record }, { max, ttl }) {
      return await link.runScript(OPEN, [keys.session(sessionId), keys.open], [sessionId, ttl, max, JSON.stringify(record), logLevel]) === 1
    },

    async load (sessionId, ttl) {
      const found = await link.runScript(LOAD, [keys.open, keys.session(sessionId), keys.numbers(sessionId)], [ttl, sessionId])
      if (found === null) return undefined
      // What `open` has stored.
      const [record, logLevel] = found as readonly [string, LogLevel]
      return { ...JSON.parse(record) as Omit<SessionRecord, 'logLevel'>, logLevel }
    },

    async readState (sessionId) {
      const fields = Object.entries(await link.run((client) => client.hgetall(keys.session(sessionId))))
      if (fields.length === 0) return undefined
      const named = (prefix: string): ReadonlyArray<readonly [string, string]> =>
        fields.filter(([field]) => field.startsWith(prefix)).map(([field, value]) => [field.slice(prefix.length), value])
      return {
        subscriptions: named('s:').map(([uri]) => uri),
        listener: fields.find(([field]) => field === 'g')?.[1],
        // What `change` has stored.
        calls: new Map(named('c:').map(([streamId, ids]) => [streamId, JSON.parse(ids) as readonly RequestId[]]))
      }
    },

    async change (sessionId, what) {
      await change(sessionId, what)
    },

    async touch (sessionIds, ttl) {
      const ended: Array<Promise<readonly string[]>> = []
      for (let start = 0; start < sessionIds.length; start += MAX_TOUCHED_AT_ONCE) {
        ended.push(touch(sessionIds.slice(start, start + MAX_TOUCHED_AT_ONCE), ttl))
      }
      return (await Promise.all(ended)).flat()
    },

    async delete (sessionId) {
      return await link.runScript(DELETE, [keys.session(sessionId), keys.open], [sessionId]) === 1
    },

    async count () {
      return Number(await link.runScript(COUNT, [keys.open], []))
    }
  }
}
