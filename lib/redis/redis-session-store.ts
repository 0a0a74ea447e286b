// Sessions in Redis.
import type { OpenOutcome, SessionChange, SessionStore } from '../store/session-store.ts'
import type { StoreAccess } from './redis-event-store.ts'
import { createRepeatableScript, createScript, LUA_NOW } from './scripts.ts'
import { encodeRecord, fieldOf, LEVEL_FIELD, parseLevel, parseRecord, parseState, RECORD_FIELD } from './session-fields.ts'

// The set of open sessions lives as long as the one that expires last, and so does the set of those of one holder.
const LUA_LIVE = `
${LUA_NOW}
local function extend(key, ttl)
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ttl) end
end
local function live(open, id, ttl)
  redis.call('ZADD', open, now + ttl, id)
  extend(open, ttl)
end
local function count(set)
  return redis.call('ZCOUNT', set, '(' .. now, '+inf')
end
`

// Ends a session. Its holder's set is named by the record only; all keys of a mount are in one slot.
const LUA_REMOVE = `
local function remove(session, id, open, unused)
  local holder = redis.call('HGET', session, 'h')
  if holder then redis.call('ZREM', holder, id) end
  redis.call('ZREM', open, id)
  redis.call('ZREM', unused, id)
  return redis.call('DEL', session)
end
`

// KEYS session, open, unused, the holder's set where there is one; ARGV id, ttl, max, record, level, whether it displaces, share.
// In the holder's set are moments until which sessions live at the least: uses do not touch it, so that it is brought up to
// date when it looks full. What takes memory comes first: once something was written, Redis no longer refuses it where there
// is none left.
const OPEN = createScript(`${LUA_LIVE}${LUA_REMOVE}
local session, open, unused, holder = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, ttl, max, share = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[7])
local function isOverShare()
  if redis.call('ZCARD', holder) < share then return false end
  if count(holder) >= share then return true end
  local left = redis.call('PTTL', holder)
  redis.call('ZINTERSTORE', holder, 2, holder, open, 'WEIGHTS', 0, 1)
  redis.call('PEXPIRE', holder, left)
  redis.call('ZREMRANGEBYSCORE', holder, '-inf', now)
  return redis.call('ZCARD', holder) >= share
end
local function displace()
  while true do
    local oldest = redis.call('ZRANGE', unused, 0, 0)[1]
    if not oldest then return false end
    if remove(string.sub(session, 1, -1 - #id) .. oldest, oldest, open, unused) == 1 then return oldest end
  end
end
if holder and isOverShare() then return {'share'} end
local taken, displaced = count(open), false
if taken == max and ARGV[6] == '1' then displaced = displace() end
if taken >= max and not displaced then return {'full'} end
redis.call('HSET', session, 'r', ARGV[4], 'l', ARGV[5])
redis.call('PEXPIRE', session, ttl)
redis.call('ZREMRANGEBYSCORE', open, '-inf', now)
live(open, id, ttl)
if holder then
  redis.call('HSET', session, 'h', holder)
  live(holder, id, ttl)
end
if ARGV[6] == '1' then
  redis.call('ZREMRANGEBYSCORE', unused, '-inf', now - ttl)
  redis.call('ZADD', unused, now, id)
  redis.call('PEXPIRE', unused, ttl)
end
return {'opened', displaced or nil}`)

// KEYS open, then session and numbers of each; ARGV ttl, then id of each. Comes to those that have ended.
const TOUCH = createRepeatableScript(`${LUA_LIVE}
local ttl = tonumber(ARGV[1])
local ended = {}
for i = 2, #ARGV do
  if redis.call('PEXPIRE', KEYS[2 * i - 2], ttl) == 1 then
    redis.call('PEXPIRE', KEYS[2 * i - 1], ttl)
    live(KEYS[1], ARGV[i], ttl)
    local holder = redis.call('HGET', KEYS[2 * i - 2], 'h')
    if holder then extend(holder, ttl) end
  else
    ended[#ended + 1] = ARGV[i]
  end
end
return ended`)

// KEYS open, session, numbers; ARGV ttl, id, then the fields that are wanted. The first of them is there in every session.
const LOAD = createRepeatableScript(`${LUA_LIVE}
local found = redis.call('HMGET', KEYS[2], 'h', unpack(ARGV, 3))
if not found[2] then return false end
local ttl = tonumber(ARGV[1])
redis.call('PEXPIRE', KEYS[2], ttl)
redis.call('PEXPIRE', KEYS[3], ttl)
live(KEYS[1], ARGV[2], ttl)
if found[1] then extend(found[1], ttl) end
return found`)

// KEYS session; ARGV field, value
const SET = createRepeatableScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end`)

// KEYS session; ARGV node, or nothing. Comes to the turn, and to what was there before.
const CONNECT = createRepeatableScript(`
local found = redis.call('HGETALL', KEYS[1])
if #found == 0 then return false end
if ARGV[1] ~= '' then redis.call('HSET', KEYS[1], 'g', ARGV[1]) end
return {redis.call('HINCRBY', KEYS[1], 't', 1), found}`)

// KEYS session; ARGV node
const UNLISTEN = createRepeatableScript(`
if redis.call('HGET', KEYS[1], 'g') == ARGV[1] then redis.call('HDEL', KEYS[1], 'g') end`)

// KEYS session, numbers; ARGV stream, name of the stream
const END = createRepeatableScript(`
redis.call('HDEL', KEYS[1], 'c:' .. ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[2])`)

// KEYS session, open, unused; ARGV id
const DELETE = createScript(`${LUA_REMOVE}
return remove(KEYS[1], ARGV[1], KEYS[2], KEYS[3])`)

// KEYS open
const COUNT = createRepeatableScript(`${LUA_LIVE}
return count(KEYS[1])`)

// So many that no other command waits long.
const MAX_TOUCHED_AT_ONCE = 500

/** Sessions in Redis. Each operation is one round trip; `touch` is one for every 500 sessions. */
export function createRedisSessionStore ({ link, keys, onUnreadable }: StoreAccess): SessionStore {
  async function load (sessionId: string, ttl: number, fields: readonly string[]): Promise<readonly unknown[] | undefined> {
    const found = await link.runScript(LOAD, [keys.open, keys.session(sessionId), keys.numbers(sessionId)], [ttl, sessionId, ...fields])
    // What the script returns, where there is such a session: the fields behind one of its own.
    return found === null ? undefined : (found as readonly unknown[]).slice(1)
  }

  async function touch (sessionIds: readonly string[], ttl: number): Promise<readonly string[]> {
    const touched = [keys.open, ...sessionIds.flatMap((sessionId) => [keys.session(sessionId), keys.numbers(sessionId)])]
    return await link.runScript(TOUCH, touched, [ttl, ...sessionIds]) as readonly string[]
  }

  function change (sessionId: string, change: SessionChange): Promise<unknown> {
    const session = keys.session(sessionId)
    switch (change.kind) {
      case 'use': return link.run((client) => client.zrem(keys.unused, sessionId))
      case 'logLevel': return link.runScript(SET, [session], [LEVEL_FIELD, change.level])
      case 'subscribe': return link.runScript(SET, [session], [fieldOf(change), change.uri])
      case 'unsubscribe': return link.run((client) => client.hdel(session, fieldOf(change)))
      case 'unlisten': return link.runScript(UNLISTEN, [session], [change.node])
      case 'begin': return link.runScript(SET, [session], [fieldOf(change), JSON.stringify(change.ids)])
      case 'end': return link.runScript(END, [session, keys.numbers(sessionId)], [change.streamId, change.streamId.slice(sessionId.length + 1)])
    }
  }

  return {
    async open (sessionId, record, { max, ttl, share, displaces }) {
      const used = [keys.session(sessionId), keys.open, keys.unused, ...share === undefined ? [] : [keys.holder(share.holder)]]
      const given = [sessionId, ttl, max, encodeRecord(record), record.logLevel, displaces === true ? 1 : 0, share?.max ?? 0]
      // What the script returns.
      const [kind, displaced] = await link.runScript(OPEN, used, given) as readonly [OpenOutcome['kind'], string?]
      return { kind, displaced }
    },

    async load (sessionId, ttl) {
      const found = await load(sessionId, ttl, [RECORD_FIELD, LEVEL_FIELD])
      const record = found && parseRecord(found[0], found[1])
      if (found !== undefined && record === undefined) onUnreadable('the record of a session')
      return record
    },

    async renew (sessionId, ttl) {
      const found = await load(sessionId, ttl, [LEVEL_FIELD])
      return found && parseLevel(found[0])
    },

    async readState (sessionId) {
      const fields = Object.entries(await link.run((client) => client.hgetall(keys.session(sessionId))))
      return fields.length === 0 ? undefined : parseState(fields, onUnreadable)
    },

    async connect (sessionId, listener = '') {
      const found = await link.runScript(CONNECT, [keys.session(sessionId)], [listener])
      if (found === null) return undefined
      // What the script comes to, where there is such a session.
      const [turn, fields] = found as readonly [number, readonly string[]]
      return { turn, state: parseState(pairsOf(fields), onUnreadable) }
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
      return await link.runScript(DELETE, [keys.session(sessionId), keys.open, keys.unused], [sessionId]) === 1
    },

    async count () {
      return Number(await link.runScript(COUNT, [keys.open], []))
    }
  }
}

// A hash, as scripts return it.
function pairsOf (fields: readonly string[]): ReadonlyArray<readonly [name: string, value: string]> {
  return fields.flatMap((name, index) => index % 2 === 0 ? [[name, fields[index + 1] ?? ''] as const] : [])
}
