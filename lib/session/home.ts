// Where the sessions of one mount live: in this process, or in a cluster.
import type { Message } from '../protocol/message.ts'
import type { Refusal } from '../protocol/refusals.ts'
import type { SessionEnd } from '../telemetry/events.ts'
import type { NoPlace } from '../shares/shares.ts'
import type { Session, SessionOpening } from './session.ts'
import type { KnownSession, SessionUse } from './session-summary.ts'

/** A session in a list. */
export interface ListedSession extends KnownSession {
  readonly grantId?: string | undefined
}

/** The sessions that this process knows. */
export interface SessionTable extends Iterable<Session> {
  readonly size: number
  get (sessionId: string): Session | undefined
  /** Adds a session that has been opened, and calls the listeners of `opened`. */
  add (session: Session): void
  /** Adds a session that was opened in another process, or that this process stopped serving for a while. */
  restore (session: Session): void
  /** Removes a session that goes on in another process. */
  remove (session: Session): void
  /**
   * Removes a session, ends everything that is going on in it, and calls the listeners of `ended`.
   * @param why The reason in words. @default words for `reason`
   */
  close (session: Session, reason: SessionEnd, why?: string): void
}

/** The place where the sessions of one mount live, and the rules by which they open and end. */
export interface SessionHome {
  /** The most sessions that may be open at once, over all processes. */
  readonly max: number
  /** Resolves to the number of open sessions, over all processes. */
  count (): Promise<number>
  /** Opens a session, or returns why there is no place for it. */
  open (opening: SessionOpening): Session | NoPlace | Promise<Session | NoPlace>
  /**
   * Finds a session that other processes serve as well. Absent if sessions live in this process alone.
   * @param known The session, if this process knows it already.
   * @param isUse Whether the request uses the session, beyond opening it.
   */
  find? (sessionId: string, known: Session | undefined, isUse: boolean): Promise<Session | undefined>
  /**
   * Iterates over pages of the open sessions of all processes. A session that opens or ends meanwhile may be missing,
   * and one may appear twice.
   */
  list (): AsyncIterable<readonly ListedSession[]>
  /** Resolves to whether this process does what one of all processes has to do. */
  isFirst (): Promise<boolean>
  /** Resolves to how much the sessions of a page are used, by all processes together. */
  usesOf (page: readonly ListedSession[]): Promise<readonly SessionUse[]>
  /**
   * Ends a session. Returns whether it was open.
   * @param why The reason in words. @default words for `reason`
   */
  end (sessionId: string, reason: SessionEnd, why?: string): boolean | Promise<boolean>
  /** Forwards messages of a session that other nodes may wait for. Returns undefined if there are no other nodes. */
  forward (messages: ReadonlyArray<Message | Refusal>, session: Session): Promise<void> | undefined
  /** Starts looking for idle sessions. */
  start (): void
  /** Stops serving all sessions: in one process they end, in a cluster they go on elsewhere. */
  stop (): void | Promise<void>
}
