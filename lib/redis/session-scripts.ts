// The scripts by which sessions in Redis change. All keys of a mount are in one slot.
import { createRepeatableScript, createScript, LUA_NOW } from './scripts.ts'

// The set of open sessions, and each holder's set, lives as long as the session in it that expires last.
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

// Ends a session. Only the session's hash names its holder's set, so that this key is not among KEYS. That is safe,
// because all keys of a mount are in one slot.
const LUA_REMOVE = `
local function remove(session, id, open, unused)
  local holder = redis.call('HGET', session, 'h')
  if holder then redis.call('ZREM', holder, id) end
  redis.call('ZREM', open, id)
  redis.call('ZREM', unused, id)
  return redis.call('DEL', session)
end
`

// KEYS session, open, unused, the holder's set if there is a holder; ARGV id, ttl, max, record, level, whether the
// session takes part in making room, share.
// The times in the holder's set are lower bounds: using a session does not update them, so they are brought up to date
// when the set looks full. The write that needs memory comes first, because Redis refuses a script that lacks memory
// only until its first write.
export const OPEN = createScript(`${LUA_LIVE}${LUA_REMOVE}
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

// KEYS open, then session and numbers of each; ARGV ttl, then the id of each. Returns the ids of those that have ended.
export const TOUCH = createRepeatableScript(`${LUA_LIVE}
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

// KEYS open, session, numbers; ARGV ttl, id, then the wanted fields. Every session has the first of them.
export const LOAD = createRepeatableScript(`${LUA_LIVE}
local found = redis.call('HMGET', KEYS[2], 'h', unpack(ARGV, 3))
if not found[2] then return false end
local ttl = tonumber(ARGV[1])
redis.call('PEXPIRE', KEYS[2], ttl)
redis.call('PEXPIRE', KEYS[3], ttl)
live(KEYS[1], ARGV[2], ttl)
if found[1] then extend(found[1], ttl) end
return found`)

// KEYS session; ARGV field, value
export const SET = createRepeatableScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end`)

// KEYS session; ARGV node, or ''. Returns the turn, and the fields as they were before.
export const CONNECT = createRepeatableScript(`
local found = redis.call('HGETALL', KEYS[1])
if #found == 0 then return false end
if ARGV[1] ~= '' then redis.call('HSET', KEYS[1], 'g', ARGV[1]) end
return {redis.call('HINCRBY', KEYS[1], 't', 1), found}`)

// KEYS session; ARGV node
export const UNLISTEN = createRepeatableScript(`
if redis.call('HGET', KEYS[1], 'g') == ARGV[1] then redis.call('HDEL', KEYS[1], 'g') end`)

// KEYS session, numbers; ARGV stream, name of the stream
export const END = createRepeatableScript(`
redis.call('HDEL', KEYS[1], 'c:' .. ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[2])`)

// KEYS session, open, unused; ARGV id
export const DELETE = createScript(`${LUA_REMOVE}
return remove(KEYS[1], ARGV[1], KEYS[2], KEYS[3])`)

// KEYS open
export const COUNT = createRepeatableScript(`${LUA_LIVE}
return count(KEYS[1])`)

// KEYS open; ARGV the beginning of the keys of sessions, cursor, size. The keys of sessions are in the same slot.
// Returns the next cursor, then id, expiry, record, log level and listener of each session.
export const LIST = createRepeatableScript(`
local found = redis.call('ZSCAN', KEYS[1], ARGV[2], 'COUNT', ARGV[3])
local page = {found[1]}
for i = 1, #found[2], 2 do
  local fields = redis.call('HMGET', ARGV[1] .. found[2][i], 'r', 'l', 'g')
  if fields[1] then
    page[#page + 1] = {found[2][i], found[2][i + 1], fields[1], fields[2] or '', fields[3] or ''}
  end
end
return page`)
