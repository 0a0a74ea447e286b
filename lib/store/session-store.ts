// What nodes know of the sessions that they serve together: the interface.
import type { LogLevel } from '../protocol/log-level.ts'
import type { RequestId } from '../protocol/message.ts'
import type { ClientIdentity } from '../protocol/client-identity.ts'

/** What a session is rebuilt from. JSON can carry it. */
export interface SessionRecord {
  /** The revision of the protocol that was negotiated. */
  readonly protocolVersion: string
  /** The client: its self-reported name and version, and what it can do. */
  readonly client: ClientIdentity
  /** Who has opened the session, where callers are known. */
  readonly principal?: string | undefined
  /** Whom the session counts for, where callers have shares: any text. */
  readonly holder?: string | undefined
  /** The least severe log messages that the client gets. */
  readonly logLevel: LogLevel
}

/** What else is known of a session: read where its client connects for a stream, or its stream is looked for. */
export interface SessionState {
  /** The URIs of the resources whose changes the client wants to hear of. */
  readonly subscriptions: readonly string[]
  /** The node that holds the connection of the session's GET stream. */
  readonly listener?: string | undefined
  /** The replies that are streams and have not ended: the ids of the requests that each of them answers. */
  readonly calls: ReadonlyMap<string, readonly RequestId[]>
}

/** Something about a session that has changed. */
export type SessionChange =
  /** The client has done more than open the session, which from now on makes room for no other. */
  | { readonly kind: 'use' }
  | { readonly kind: 'logLevel', readonly level: LogLevel }
  /** The client wants to hear of a resource. Of one topic, which is any text, the URI that was told last is known. */
  | { readonly kind: 'subscribe', readonly topic: string, readonly uri: string }
  | { readonly kind: 'unsubscribe', readonly topic: string }
  /** A node no longer holds the connection of the GET stream, which changes nothing if another one does by now. */
  | { readonly kind: 'unlisten', readonly node: string }
  /** A reply has become a stream. */
  | { readonly kind: 'begin', readonly streamId: string, readonly ids: readonly RequestId[] }
  /** It has ended: nothing is appended to it any more. */
  | { readonly kind: 'end', readonly streamId: string }

/** That the client of a session has connected to one of its streams. */
export interface Connecting {
  /** A whole number, higher than that of each connection of the session before. */
  readonly turn: number
  /** What was known of the session before. */
  readonly state: SessionState
}

/** How many sessions one caller may have. */
export interface SessionShare {
  /** The caller: any text. */
  readonly holder: string
  /** How many sessions of this holder may be open at once, over all nodes. */
  readonly max: number
}

/** How many sessions there may be, and for how long. */
export interface SessionLimits {
  /** How many may be open at once, over all nodes. */
  readonly max: number
  /** Milliseconds that a session lives from its last use. */
  readonly ttl: number
  /** The share that the session counts towards; absent where it counts towards none. */
  readonly share?: SessionShare
  /**
   * Whether the session takes part in making room: while it is unused it is ended for a new one that takes part and
   * finds no other place, the oldest first. @default false
   */
  readonly displaces?: boolean
}

/** What has become of a session that was to be opened. */
export interface OpenOutcome {
  /** `full` when all places are taken, `share` when all are that its holder may have; then nothing has happened. */
  readonly kind: 'opened' | 'full' | 'share'
  /** The session that has ended to make room. */
  readonly displaced?: string | undefined
}

/**
 * The sessions that nodes serve together. Each operation happens as a whole or not at all, whatever other nodes do at
 * the same time. What is told of a session that has ended, or never was, changes and creates nothing.
 */
export interface SessionStore {
  /** Opens a session, if there is a place for it. A holder's share is looked at before room is made. */
  open (sessionId: string, record: SessionRecord, limits: SessionLimits): Promise<OpenOutcome>
  /** Finds a session, and lets it live another `ttl` milliseconds. */
  load (sessionId: string, ttl: number): Promise<SessionRecord | undefined>
  /**
   * Lets a session live another `ttl` milliseconds, whose record is known already. Resolves to the log level, which
   * alone of it may have changed; undefined when the session has ended.
   */
  renew (sessionId: string, ttl: number): Promise<LogLevel | undefined>
  /** Tells what else is known of a session; undefined when it has ended. */
  readState (sessionId: string): Promise<SessionState | undefined>
  /**
   * Counts a connection of the client to one of the streams of a session; undefined when the session has ended.
   * @param listener For the GET stream: the node that holds the connection from now on.
   */
  connect (sessionId: string, listener?: string): Promise<Connecting | undefined>
  /** Takes note of a change. */
  change (sessionId: string, change: SessionChange): Promise<void>
  /** Lets sessions live another `ttl` milliseconds; comes to those that have ended. */
  touch (sessionIds: readonly string[], ttl: number): Promise<readonly string[]>
  /** Ends a session; comes to whether it was open. */
  delete (sessionId: string): Promise<boolean>
  /** How many are open, over all nodes. */
  count (): Promise<number>
}
