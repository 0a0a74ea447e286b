// The interface of a store of sessions, which nodes serve together.
import type { LogLevel } from '../protocol/log-level.ts'
import type { RequestId } from '../protocol/message.ts'
import type { ClientIdentity } from '../protocol/client-identity.ts'

/** What a node needs to restore a session. JSON can carry it. */
export interface SessionRecord {
  /** The revision of the protocol that was negotiated. */
  readonly protocolVersion: string
  /** The client: its self-reported name and version, and what it can do. */
  readonly client: ClientIdentity
  /** The principal that opened the session, if callers are authenticated. */
  readonly principal?: string | undefined
  /** The holder that the session counts for, if there are shares: any text. */
  readonly holder?: string | undefined
  /** The least severe log messages that the client gets. */
  readonly logLevel: LogLevel
  /** The grant of the token that opened the session, if it names one: any text. */
  readonly grantId?: string | undefined
  /** When the session was opened, in milliseconds since the epoch. */
  readonly openedAt?: number | undefined
}

/** The stored state of a session, apart from its record. It is read when its client opens or resumes a stream. */
export interface SessionState {
  /** The URIs of the resources that the client is subscribed to. */
  readonly subscriptions: readonly string[]
  /** The node that holds the connection of the session's GET stream. */
  readonly listener?: string | undefined
  /** The reply streams that have not ended, by id, with the ids of the requests that each of them answers. */
  readonly calls: ReadonlyMap<string, readonly RequestId[]>
}

/** A change of a session. */
export type SessionChange =
  /** The client has used the session, so that it is no longer ended to make room for another. */
  | { readonly kind: 'use' }
  | { readonly kind: 'logLevel', readonly level: LogLevel }
  /** The client subscribes to a resource. The topic is any text; only the last URI of a topic is stored. */
  | { readonly kind: 'subscribe', readonly topic: string, readonly uri: string }
  | { readonly kind: 'unsubscribe', readonly topic: string }
  /** A node no longer holds the connection of the GET stream. Changes nothing if another node holds it by now. */
  | { readonly kind: 'unlisten', readonly node: string }
  /** A reply has become a stream. */
  | { readonly kind: 'begin', readonly streamId: string, readonly ids: readonly RequestId[] }
  /** A reply stream has ended: nothing more is appended to it. */
  | { readonly kind: 'end', readonly streamId: string }

/** A connection of a session's client to one of the session's streams. */
export interface Connecting {
  /** A whole number, higher than that of every earlier connection of the session. */
  readonly turn: number
  /** The state of the session before this connection. */
  readonly state: SessionState
}

/** A stored session in a list. */
export interface StoredSession {
  /** The id of the session. */
  readonly sessionId: string
  /** What it was opened with. */
  readonly record: SessionRecord
  /** When it expires unless it is used again, in milliseconds since the epoch. */
  readonly expiresAt: number
  /** The node that holds the connection of the session's GET stream. */
  readonly listener?: string | undefined
}

/** A part of the list of all sessions. */
export interface SessionPage {
  /** The sessions of this part. */
  readonly sessions: readonly StoredSession[]
  /** Where the next part begins; absent after the last one. */
  readonly next?: string | undefined
}

/** How many sessions one holder may have. */
export interface SessionShare {
  /** The holder: any text. */
  readonly holder: string
  /** The sessions of this holder that may be open at once, over all nodes. */
  readonly max: number
}

/** How many sessions there may be, and for how long. */
export interface SessionLimits {
  /** The sessions that may be open at once, over all nodes. */
  readonly max: number
  /** Milliseconds that a session lives from its last use. */
  readonly ttl: number
  /** The share that the session counts towards; absent if it counts towards none. */
  readonly share?: SessionShare
  /**
   * Whether the session takes part in making room. While such a session is unused, it is ended for a new one that takes
   * part and finds no place; the oldest is ended first. @default false
   */
  readonly displaces?: boolean
}

/** The outcome of opening a session. */
export interface OpenOutcome {
  /** `full` if all places are taken, `share` if the holder has its share. In both cases nothing was changed. */
  readonly kind: 'opened' | 'full' | 'share'
  /** The id of the session that was ended to make room. */
  readonly displaced?: string | undefined
}

/**
 * The sessions that nodes serve together. Each operation is atomic, whatever other nodes do at the same time. An
 * operation on a session that has ended, or never existed, changes and creates nothing.
 */
export interface SessionStore {
  /** Opens a session, if there is a place for it. The holder's share is checked before room is made. */
  open (sessionId: string, record: SessionRecord, limits: SessionLimits): Promise<OpenOutcome>
  /** Lets a session live `ttl` milliseconds from now. Resolves to its record; undefined if the session has ended. */
  load (sessionId: string, ttl: number): Promise<SessionRecord | undefined>
  /**
   * Lets a session, whose record is known already, live `ttl` milliseconds from now. Resolves to the log level, the
   * only part of the record that may have changed; undefined if the session has ended.
   */
  renew (sessionId: string, ttl: number): Promise<LogLevel | undefined>
  /** Resolves to the state of a session; undefined if the session has ended. */
  readState (sessionId: string): Promise<SessionState | undefined>
  /**
   * Counts a connection of a session's client to one of its streams. Resolves to undefined if the session has ended.
   * @param listener For the GET stream, the node that holds the connection from now on.
   */
  connect (sessionId: string, listener?: string): Promise<Connecting | undefined>
  /** Stores a change of a session. */
  change (sessionId: string, change: SessionChange): Promise<void>
  /** Lets sessions live `ttl` milliseconds from now. Resolves to the ids of those that have ended. */
  touch (sessionIds: readonly string[], ttl: number): Promise<readonly string[]>
  /** Ends a session. Resolves to whether it was open. */
  delete (sessionId: string): Promise<boolean>
  /**
   * Resolves to a part of the list of open sessions; a store that many share has parts of about a hundred. A session
   * that is open from the first part to the last is in one of them at least, and may be in several.
   * @param from Where the part begins, as the part before it says. @default at the beginning
   */
  list (from?: string): Promise<SessionPage>
  /** Resolves to the number of open sessions, over all nodes. */
  count (): Promise<number>
}
