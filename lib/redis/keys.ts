// The names of keys and channels.
import { createHash } from 'node:crypto'

/**
 * The names of the keys and channels of one mount. The hash tag of all keys is the mount, so that they are in one slot
 * of a Redis Cluster, and one script may use several of them. Every key has an expiry.
 *
 * | key | type | what | lives |
 * |---|---|---|---|
 * | `s:SESSION` | hash | a session, see below | `ttl` of the session from its last use |
 * | `open` | sorted set | the ids of the open sessions, by the moment when they expire | as long as the last of them |
 * | `unused` | sorted set | the ids of unused sessions that make room, by the moment of opening | `ttl` from the last |
 * | `h:HOLDER` | sorted set | a holder's sessions, by a lower bound of when they expire | as long as the last of them |
 * | `e:STREAM` | stream | a stream's events; an entry's id is `MILLISECONDS-NUMBER` | `maxAge` from the last event |
 * | `q:SESSION` | hash | the last number of each stream that has not ended | as its session, at least `maxAge` |
 * | `p:NODE` | hash | the number of places of each HOLDER on the node | as `n:NODE` |
 * | `nodes` | sorted set | the ids of nodes, by the moment when they count as dead | `nodeTimeout` from a heartbeat |
 * | `n:NODE` | string | empty; it exists while the node is alive | `nodeTimeout`, renewed three times in it |
 *
 * In the hash of a session, `r` is the record as JSON, `l` the log level, `g` the node that holds the GET stream, `t`
 * the number of times that the client connected to a stream, and `h` the key of the holder's set. `s:TOPIC` is the URI
 * of a subscription; TOPIC is a SHA-256 that all spellings of a URI have in common. `c:STREAM` lists the ids of the
 * calls whose reply is a stream. HOLDER is the SHA-256 of the holder's name.
 *
 * The channels are `b:TOPIC` for the messages of a topic, and `e:STREAM` for the events of a stream. In a database
 * other than 0, its number stands before them, as in `1:b:TOPIC`.
 */
export interface Keys {
  readonly session: (sessionId: string) => string
  readonly open: string
  readonly unused: string
  readonly holder: (holder: string) => string
  readonly events: (streamId: string) => string
  readonly numbers: (sessionId: string) => string
  readonly node: (nodeId: string) => string
  readonly nodes: string
  readonly places: (nodeId: string) => string
  readonly eventsChannel: (streamId: string) => string
  readonly topicChannel: (topic: string) => string
}

/** The prefix and database that a connection applies to keys, but not to channels. */
export interface KeySpace {
  /** The prefix that the connection puts before each key. */
  readonly prefix: string
  /** The number of the database that the keys are in. All databases of a Redis share their channels. */
  readonly database: number
}

/** Creates the names of the keys and channels of one mount. */
export function createKeys (
  keyPrefix: string, mount: string, { prefix, database }: KeySpace = { prefix: '', database: 0 }
): Keys {
  // A brace in the name would end the hash tag early.
  const scope = `${keyPrefix}{${encodeURIComponent(mount)}}:`
  const channelScope = `${prefix}${scope}${database === 0 ? '' : `${database}:`}`
  return Object.freeze({
    session: (sessionId: string) => `${scope}s:${sessionId}`,
    open: `${scope}open`,
    unused: `${scope}unused`,
    holder: (holder: string) => `${scope}h:${digest(holder)}`,
    events: (streamId: string) => `${scope}e:${streamId}`,
    numbers: (sessionId: string) => `${scope}q:${sessionId}`,
    node: (nodeId: string) => `${scope}n:${nodeId}`,
    nodes: `${scope}nodes`,
    places: (nodeId: string) => `${scope}p:${nodeId}`,
    eventsChannel: (streamId: string) => `${channelScope}e:${streamId}`,
    topicChannel: (topic: string) => `${channelScope}b:${topic}`
  })
}

/** Returns the hash that stands for a long text in Redis, and hides the names of callers from its operators. */
export function digest (name: string): string {
  return createHash('sha256').update(name).digest('base64url')
}
