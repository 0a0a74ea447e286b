// The sessions of one mount, as the requests of clients and the host app see them. Their home decides where they live,
// and when they open and end.
import { EventEmitter } from 'node:events'
import type { Message, RequestId } from '../protocol/message.ts'
import type { Refusal } from '../protocol/refusals.ts'
import type { NoPlace } from '../shares/shares.ts'
import type { SessionEnd, SessionHome, SessionTable } from './home.ts'
import type { LogFailure } from './log-failure.ts'
import type { Running } from './running.ts'
import type { Session, SessionOpening } from './session.ts'

/**
 * The session that an event is about.
 * @interface
 */
export type SessionInfo = Readonly<Pick<Session, 'sessionId' | 'protocolVersion' | 'client'>>

/** The events of the sessions of a mount. */
export interface SessionEvents {
  /** A session was opened. */
  opened: [session: SessionInfo]
  /** A session ended. */
  ended: [session: SessionInfo, reason: SessionEnd]
}

/** The sessions of a mount, for the host app: their number, and an event when one opens or ends. */
export interface MountSessions extends Pick<EventEmitter<SessionEvents>, 'on' | 'once' | 'off'> {
  /** The number of open sessions; in a cluster, of those that this process has served lately. */
  readonly size: number
  /** The most sessions that may be open at once, over all processes. */
  readonly max: number
  /** Resolves to the number of open sessions, over all processes. */
  count (): Promise<number>
}

/** The settings of {@link Sessions}. */
export interface SessionsSettings<Home extends SessionHome> {
  /** Creates the home of the sessions. @param table The sessions that this process knows. */
  readonly createHome: (table: SessionTable) => Home
  readonly logFailure: LogFailure
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number
}

/** Who looks for a session, and what for. */
export interface SessionSearch {
  readonly principal: string | undefined
  /** Whether the request uses the session, beyond opening it. */
  readonly isUse: boolean
}

type Found = Session | undefined

/** The sessions of one mount. */
export class Sessions<Home extends SessionHome = SessionHome>
  extends EventEmitter<SessionEvents> implements MountSessions, SessionTable {
  /** Where the sessions live. */
  readonly home: Home
  readonly #byId = new Map<string, Session>()
  #bound: WeakSet<Session> | undefined
  readonly #logFailure: LogFailure
  readonly #now: () => number

  constructor ({ createHome, logFailure, now = Date.now }: SessionsSettings<Home>) {
    super()
    this.#logFailure = logFailure
    this.#now = now
    this.home = createHome(this)
  }

  get size (): number { return this.#byId.size }

  get max (): number { return this.home.max }

  count (): Promise<number> {
    return this.home.count()
  }

  [Symbol.iterator] (): Iterator<Session> {
    return this.#byId.values()
  }

  /** Opens a session, or returns why there is no place for it. */
  open (opening: SessionOpening): Session | NoPlace | Promise<Session | NoPlace> {
    return this.home.open(opening)
  }

  /** Reserves a session for the transport that opened it: {@link find} no longer returns it. */
  bind (session: Session): void {
    this.#bound ??= new WeakSet()
    this.#bound.add(session)
  }

  /**
   * Finds an open session. A session of another principal is not found.
   * @returns A promise only if sessions live in a cluster.
   * @throws ClusterUnreachableError
   */
  find (sessionId: string, { principal, isUse }: SessionSearch): Found | Promise<Found> {
    const known = this.#byId.get(sessionId)
    if (this.home.find !== undefined) {
      return this.home.find(sessionId, known, isUse).then((session) => ownedBy(principal, session))
    }
    return known !== undefined && this.#bound?.has(known) === true ? undefined : ownedBy(principal, known)
  }

  /** Marks the end of a request, from which the session's idle time counts. */
  settle (session: Session, id?: RequestId, running?: Running): void {
    session.end(this.#now(), id, running)
  }

  /** Ends a session, if it is open. In a cluster, resolves when it has ended on all nodes. */
  end (sessionId: string, reason: SessionEnd): void | Promise<void> {
    return this.home.end(sessionId, reason)
  }

  /**
   * Forwards those messages of a session that other nodes may wait for. Returns undefined if there are no other nodes.
   * @throws ClusterUnreachableError
   */
  forward (messages: ReadonlyArray<Message | Refusal>, session: Session): Promise<void> | undefined {
    return this.home.forward(messages, session)
  }

  start (): void {
    this.home.start()
  }

  /** Stops serving all sessions: in one process they end, in a cluster they go on elsewhere. */
  stop (): void | Promise<void> {
    return this.home.stop()
  }

  get (sessionId: string): Session | undefined {
    return this.#byId.get(sessionId)
  }

  add (session: Session): void {
    this.restore(session)
    this.#notify('opened', session)
  }

  restore (session: Session): void {
    this.#byId.set(session.sessionId, session)
  }

  remove ({ sessionId }: Session): void {
    this.#byId.delete(sessionId)
  }

  close (session: Session, reason: SessionEnd): void {
    this.#byId.delete(session.sessionId)
    session.close(`the session was ${reason}`)
    this.#notify('ended', session, reason)
  }

  // A listener that throws must not keep a session from opening or ending.
  #notify<Name extends keyof SessionEvents> (name: Name, ...args: SessionEvents[Name]): void {
    try {
      this.emit<keyof SessionEvents>(name, ...args)
    } catch (error) {
      this.#logFailure(error, `a listener of '${name}'`)
    }
  }
}

function ownedBy (principal: string | undefined, session: Found): Found {
  return session?.principal === principal ? session : undefined
}
