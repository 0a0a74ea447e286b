// Sessions in Redis.
import type { OpenOutcome, SessionChange, SessionStore, StoredSession } from '../store/session-store.ts'
import type { StoreAccess } from './redis-event-store.ts'
import {
  encodeRecord, fieldOf, LEVEL_FIELD, parseLevel, parseRecord, parseState, RECORD_FIELD
} from './session-fields.ts'
import { CONNECT, COUNT, DELETE, END, LIST, LOAD, OPEN, SET, TOUCH, UNLISTEN } from './session-scripts.ts'

// Few enough that no other command waits long.
const MAX_TOUCHED_AT_ONCE = 500
const PAGE_SIZE = 100

type ListedFields = readonly [sessionId: string, expiry: string, record: string, level: string, listener: string]

/** Creates a session store in Redis. Each operation takes one round trip; `touch` takes one per 500 sessions. */
export function createRedisSessionStore (access: StoreAccess): SessionStore {
  const { link, keys, onUnreadable } = access

  return {
    async open (sessionId, record, { max, ttl, share, displaces }) {
      const holder = share === undefined ? [] : [keys.holder(share.holder)]
      const used = [keys.session(sessionId), keys.open, keys.unused, ...holder]
      const takesPart = displaces === true ? 1 : 0
      const given = [sessionId, ttl, max, encodeRecord(record), record.logLevel, takesPart, share?.max ?? 0]
      // The type is what the script returns.
      const [kind, displaced] = await link.runScript(OPEN, used, given) as readonly [OpenOutcome['kind'], string?]
      return { kind, displaced }
    },

    async load (sessionId, ttl) {
      const found = await readFields(access, sessionId, { ttl, fields: [RECORD_FIELD, LEVEL_FIELD] })
      const record = found && parseRecord(found[0], found[1])
      if (found !== undefined && record === undefined) onUnreadable('the record of a session')
      return record
    },

    async renew (sessionId, ttl) {
      const found = await readFields(access, sessionId, { ttl, fields: [LEVEL_FIELD] })
      return found && parseLevel(found[0])
    },

    async readState (sessionId) {
      const fields = Object.entries(await link.run((client) => client.hgetall(keys.session(sessionId))))
      return fields.length === 0 ? undefined : parseState(fields, onUnreadable)
    },

    async connect (sessionId, listener = '') {
      const found = await link.runScript(CONNECT, [keys.session(sessionId)], [listener])
      if (found === null) return undefined
      // The type is what the script returns if the session exists.
      const [turn, fields] = found as readonly [number, readonly string[]]
      return { turn, state: parseState(pairsOf(fields), onUnreadable) }
    },

    async change (sessionId, change) {
      await apply(access, sessionId, change)
    },

    async touch (sessionIds, ttl) {
      const ended: Array<Promise<readonly string[]>> = []
      for (let start = 0; start < sessionIds.length; start += MAX_TOUCHED_AT_ONCE) {
        ended.push(touchAll(access, sessionIds.slice(start, start + MAX_TOUCHED_AT_ONCE), ttl))
      }
      return (await Promise.all(ended)).flat()
    },

    async delete (sessionId) {
      return await link.runScript(DELETE, [keys.session(sessionId), keys.open, keys.unused], [sessionId]) === 1
    },

    async list (from = '0') {
      const given = [keys.session(''), from, PAGE_SIZE]
      // The type is what the script returns.
      const [next, ...listed] = await link.runScript(LIST, [keys.open], given) as [string, ...ListedFields[]]
      const sessions = listed.flatMap((fields) => parseListed(fields) ?? [])
      if (sessions.length < listed.length) onUnreadable('the record of a session')
      return { sessions, ...(next !== '0' && { next }) }
    },

    async count () {
      return Number(await link.runScript(COUNT, [keys.open], []))
    }
  }
}

function parseListed ([sessionId, expiry, text, level, listener]: ListedFields): StoredSession | undefined {
  const record = parseRecord(text, level)
  return record && { sessionId, record, expiresAt: Number(expiry), ...(listener !== '' && { listener }) }
}

// Returns the values of the fields, and undefined if the session does not exist. Extends its life.
async function readFields (
  { link, keys }: StoreAccess,
  sessionId: string,
  { ttl, fields }: { readonly ttl: number, readonly fields: readonly string[] }
): Promise<readonly unknown[] | undefined> {
  const found = await link.runScript(
    LOAD,
    [keys.open, keys.session(sessionId), keys.numbers(sessionId)],
    [ttl, sessionId, ...fields]
  )
  // If the session exists, the script returns the key of its holder's set, and then the fields.
  return found === null ? undefined : (found as readonly unknown[]).slice(1)
}

// Returns the ids of the sessions that have ended.
async function touchAll (
  { link, keys }: StoreAccess, sessionIds: readonly string[], ttl: number
): Promise<readonly string[]> {
  const touched = [
    keys.open,
    ...sessionIds.flatMap((sessionId) => [keys.session(sessionId), keys.numbers(sessionId)])
  ]
  // The type is what the script returns.
  return await link.runScript(TOUCH, touched, [ttl, ...sessionIds]) as readonly string[]
}

function apply ({ link, keys }: StoreAccess, sessionId: string, change: SessionChange): Promise<unknown> {
  const session = keys.session(sessionId)
  switch (change.kind) {
    case 'use': return link.run((client) => client.zrem(keys.unused, sessionId))
    case 'logLevel': return link.runScript(SET, [session], [LEVEL_FIELD, change.level])
    case 'subscribe': return link.runScript(SET, [session], [fieldOf(change), change.uri])
    case 'unsubscribe': return link.run((client) => client.hdel(session, fieldOf(change)))
    case 'unlisten': return link.runScript(UNLISTEN, [session], [change.node])
    case 'begin': return link.runScript(SET, [session], [fieldOf(change), JSON.stringify(change.ids)])
    case 'end': {
      const used = [session, keys.numbers(sessionId)]
      return link.runScript(END, used, [change.streamId, change.streamId.slice(sessionId.length + 1)])
    }
  }
}

// Scripts return a hash as names and values in turn.
function pairsOf (fields: readonly string[]): ReadonlyArray<readonly [name: string, value: string]> {
  return fields.flatMap((name, index) => index % 2 === 0 ? [[name, fields[index + 1] ?? ''] as const] : [])
}
