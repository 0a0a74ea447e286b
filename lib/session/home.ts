// Where the sessions of one mount live: in this process, or in a cluster.
import type { Message } from '../protocol/message.ts'
import type { Refusal } from '../protocol/refusals.ts'
import type { NoPlace } from '../shares/shares.ts'
import type { Session, SessionOpening } from './session.ts'

/**
 * Why a session has ended: the client said so, its `initialize` failed, nothing happened for too long, it was never
 * used and another one needed its place, the stream of its HTTP+SSE has ended, or the app has.
 */
export type SessionEnd = 'deleted' | 'refused' | 'idle' | 'displaced' | 'disconnected' | 'closed'

/** The sessions that this process knows. */
export interface SessionTable extends Iterable<Session> {
  readonly size: number
  get (sessionId: string): Session | undefined
  /** Adds a session. @param isNew Whether listeners hear of it. */
  add (session: Session, isNew: boolean): void
  /** Takes out a session, which goes on elsewhere. */
  remove (session: Session): void
  /** Takes out a session and ends what goes on in it; listeners hear of it. */
  close (session: Session, reason: SessionEnd): void
}

/** The place where the sessions of one mount live, and the rules by which they open and end. */
export interface SessionHome {
  /** How many sessions may be open at once, over all processes. */
  readonly max: number
  /** How many sessions are open, over all processes. */
  count (): Promise<number>
  /** Opens a session, or returns why there is no place for it. */
  open (opening: SessionOpening): Session | NoPlace | Promise<Session | NoPlace>
  /**
   * Finds a session that other processes serve as well. Absent where sessions live in this process alone.
   * @param known What this process knows of it.
   * @param isUse Whether its client does more than open it.
   */
  find? (sessionId: string, known: Session | undefined, isUse: boolean): Promise<Session | undefined>
  /** Ends a session, if it is open. */
  end (sessionId: string, reason: SessionEnd): void | Promise<void>
  /** Hands on the messages of a session that other nodes may wait for; undefined where there are no other nodes. */
  forward (messages: ReadonlyArray<Message | Refusal>, session: Session): Promise<void> | undefined
  /** Begins to look for idle sessions. */
  start (): void
  /** Lets go of all sessions. */
  stop (): void | Promise<void>
}
