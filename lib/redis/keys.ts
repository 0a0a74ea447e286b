// The names of keys and channels.
import { createHash } from 'node:crypto'

/**
 * The names of what one mount keeps in Redis. All have the mount as their hash tag, so that they are in one slot of a Redis
 * Cluster and one script may use several of them. Every key expires by itself.
 *
 * | key | type | what | lives |
 * |---|---|---|---|
 * | `s:SESSION` | hash | `r` the record as JSON, `l` its log level, `g` the node that holds its GET stream, `t` how often its client has connected to a stream, `h` the key of its holder's set, `s:TOPIC` the URI of each subscription, `c:STREAM` the ids of each call whose reply is a stream; TOPIC is a SHA-256, which all spellings of a URI have in common | `ttl` of the session from its last use |
 * | `open` | sorted set | the ids of the open sessions, by the moment when they expire | as long as the last of them |
 * | `unused` | sorted set | the ids of the open sessions that were never used and make room for others, by the moment when they were opened | `ttl` of a session from the last of them |
 * | `h:HOLDER` | sorted set | the ids of the open sessions that count for one caller, by a moment until which they live at the least; HOLDER is the SHA-256 of the caller's name | as long as the last of them |
 * | `e:STREAM` | stream | the events of one stream; an entry's id is `MILLISECONDS-NUMBER` | `maxAge` from the last event |
 * | `q:SESSION` | hash | the number of the last event of each stream of the session that has not ended | as its session, but `maxAge` at least |
 * | `p:NODE` | hash | how many places each caller holds by the node, by the SHA-256 of the caller's name | as `n:NODE` |
 * | `nodes` | sorted set | the ids of the nodes, by the moment when they count as dead | `nodeTimeout` from the last sign of life of any of them |
 * | `n:NODE` | string | that a node lives | `nodeTimeout`, renewed three times in it |
 *
 * The channels are `b:TOPIC` for the messages of a topic, and `e:STREAM` for the events of a stream; in a database other than 0
 * with its number before them, as in `1:b:TOPIC`.
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

/** What a connection does to the names of keys by itself, but not to those of channels. */
export interface KeySpace {
  /** What it puts before them. */
  readonly prefix: string
  /** The number of the database that they are in. All databases of a Redis have the same channels. */
  readonly database: number
}

/** Names the keys of one mount. */
export function createKeys (keyPrefix: string, mount: string, { prefix, database }: KeySpace = { prefix: '', database: 0 }): Keys {
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

/** What stands for a long text in Redis. The name of a caller is besides nobody's business who looks there. */
export function digest (name: string): string {
  return createHash('sha256').update(name).digest('base64url')
}
