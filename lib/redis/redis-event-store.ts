// Events in Redis Streams. The script that appends an event also publishes it, so that listeners get the events in the
// order of their numbers. Events that are published while a connection is broken are lost; a tail reads them later.
import type { SharedEventStore, StoredEvent } from '../store/event-store.ts'
import type { Keys } from './keys.ts'
import type { RedisLink } from './link.ts'
import { createRepeatableScript, createScript, LUA_NOW } from './scripts.ts'

/** The limits of the events of one stream. Beyond one of them the oldest events are dropped. */
export interface RedisEventOptions {
  /** Events of one stream. @default 1000 */
  readonly maxLength?: number
  /**
   * Bytes of all messages of one stream. A longer message is not kept, nor is any before it.
   * @default 8388608 (8 MiB)
   */
  readonly maxBytes?: number
  /** Milliseconds. @default 300000 (5 minutes) */
  readonly maxAge?: number
}

/** What a store needs to use Redis. */
export interface StoreAccess {
  readonly link: RedisLink
  readonly keys: Keys
  /** Called when stored data cannot be read; the store ignores that data. @param what The data, in words. */
  readonly onUnreadable: (what: string) => void
}

const LUA_LAST = `
local function newest()
  local entry = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
  if not entry then return 0, 0, 0 end
  local moment, number = string.match(entry[1], '(%d+)-(%d+)')
  return tonumber(number), tonumber(moment), tonumber(entry[2][4]) or 0
end
local function last()
  return tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or newest())
end
`

// KEYS events, numbers, session; ARGV name, message, maxLength, maxAge, channel, maxBytes. An entry's id begins with
// its time, so that old ones can be trimmed; a clock that has gone back must not keep new ones out. The field t of an
// entry counts the bytes of all messages up to its own, so that the bytes between two entries are known without reading
// those between them.
const APPEND = createScript(`${LUA_NOW}${LUA_LAST}
local newestNumber, newestMoment, bytes = newest()
local number = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
if number == 1 then
  number = newestNumber + 1
  redis.call('HSET', KEYS[2], ARGV[1], number)
end
bytes = bytes + #ARGV[2]
local excess = bytes - tonumber(ARGV[6])
local function add(moment)
  return redis.pcall('XADD', KEYS[1], 'MAXLEN', ARGV[3], moment .. '-' .. number, 'm', ARGV[2], 't', bytes)
end
if bytes - #ARGV[2] < excess then
  redis.call('DEL', KEYS[1])
else
  local added = add(now)
  if type(added) == 'table' and added.err then added = add(newestMoment) end
  if type(added) == 'table' and added.err then return added end
  while excess > 0 do
    local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
    if (tonumber(oldest[2][4]) or 0) - #oldest[2][2] >= excess then break end
    redis.call('XDEL', KEYS[1], oldest[1])
  end
end
local maxAge = tonumber(ARGV[4])
redis.call('XTRIM', KEYS[1], 'MINID', now - maxAge)
redis.call('PEXPIRE', KEYS[1], maxAge)
redis.call('PEXPIRE', KEYS[2], math.max(maxAge, redis.call('PTTL', KEYS[3])))
redis.call('PUBLISH', ARGV[5], number .. ' ' .. ARGV[2])
return number`)

// KEYS events, numbers; ARGV name, the number after which events are wanted. Returns the newest first.
const READ = createRepeatableScript(`${LUA_LAST}
local missed = last() - tonumber(ARGV[2])
if missed < 0 then return false end
if missed == 0 then return {} end
local entries = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', missed)
if #entries < missed then return false end
return entries`)

// KEYS events, numbers; ARGV name
const LAST = createRepeatableScript(`${LUA_LAST}
return last()`)

/**
 * Creates an event store in Redis Streams. `append` and `read` take one round trip, `forget` takes two. `follow` takes
 * two, or one if the node follows the stream already. Events of a stream that has ended are not dropped with its
 * session, but when they reach `maxAge`.
 */
export function createRedisEventStore (access: StoreAccess, options: Required<RedisEventOptions>): SharedEventStore {
  const { link, keys, onUnreadable } = access
  const { maxLength, maxBytes, maxAge } = options
  async function append (streamId: string, message: string): Promise<number> {
    const [sessionId, name] = splitStreamId(streamId)
    return Number(await link.runScript(
      APPEND,
      [keys.events(streamId), keys.numbers(sessionId), keys.session(sessionId)],
      [name, message, maxLength, maxAge, keys.eventsChannel(streamId), maxBytes]
    ))
  }

  async function read (streamId: string, afterSeq: number): Promise<readonly StoredEvent[] | undefined> {
    const [sessionId, name] = splitStreamId(streamId)
    const entries = await link.runScript(READ, [keys.events(streamId), keys.numbers(sessionId)], [name, afterSeq])
    if (entries === null) return undefined
    const events = (entries as readonly StreamEntry[]).map(parseEntry).reverse()
    if (events.every((event) => event !== undefined)) return events
    onUnreadable('an event of a stream')
  }

  async function readLast (streamId: string): Promise<number> {
    const [sessionId, name] = splitStreamId(streamId)
    return Number(await link.runScript(LAST, [keys.events(streamId), keys.numbers(sessionId)], [name]))
  }

  return {
    append,
    read,

    async forget (sessionId) {
      const numbers = keys.numbers(sessionId)
      const names = await link.run((client) => client.hkeys(numbers))
      await link.run((client) => client.del(numbers, ...names.map((name) => keys.events(`${sessionId}.${name}`))))
    },

    async follow (streamId, listener) {
      const { begun, end } = link.channels.listen(keys.eventsChannel(streamId), (text) => {
        const event = parseEvent(text)
        if (event === undefined) onUnreadable('what is published for those who follow a stream')
        else listener(event)
      })
      try {
        await begun
        return { seq: await readLast(streamId), end }
      } catch (error) {
        end()
        throw error
      }
    }
  }
}

function splitStreamId (streamId: string): readonly [sessionId: string, name: string] {
  const dot = streamId.indexOf('.')
  return [streamId.slice(0, dot), streamId.slice(dot + 1)]
}

// Returns undefined for a message that another program published.
function parseEvent (text: string): StoredEvent | undefined {
  const [, seq, message] = /^(\d{1,15}) (.*)$/s.exec(text) ?? []
  return seq === undefined || message === undefined ? undefined : { seq: Number(seq), message }
}

/** An entry of a stream as Redis returns it. */
type StreamEntry = readonly [id: string, fields: readonly string[]]

// Returns undefined for an entry that another program added.
function parseEntry ([id, [name, message]]: StreamEntry): StoredEvent | undefined {
  const [, seq] = /^\d+-(\d{1,15})$/.exec(id) ?? []
  return seq === undefined || name !== 'm' || message === undefined ? undefined : { seq: Number(seq), message }
}
