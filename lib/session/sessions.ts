// The sessions of one mount, as the requests of clients and the host app see them. Their home decides where they live,
// and when they open and end.
import { EventEmitter } from 'node:events'
import { chooses, parsePrincipal, readFilter, type CallerFilter } from '../auth/caller-filter.ts'
import type { Message, RequestId } from '../protocol/message.ts'
import type { Refusal } from '../protocol/refusals.ts'
import type { NoPlace } from '../shares/shares.ts'
import type { ListedSession, SessionHome, SessionTable } from './home.ts'
import type { SessionEnd } from '../telemetry/events.ts'
import type { LogFailure } from './log-failure.ts'
import type { Running } from './running.ts'
import type { Session, SessionOpening } from './session.ts'
import { hashSessionId } from '../telemetry/session-hash.ts'
import { summarize, UNUSED, type SessionSummary } from './session-summary.ts'

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

/**
 * The sessions of a mount, for the host app: their number, who has them, and an event when one opens or ends.
 * @example
 * for await (const { idHash, principal, calls } of app.mcp.get('Notes').sessions) console.log(idHash, principal, calls)
 */
export interface MountSessions
  extends Pick<EventEmitter<SessionEvents>, 'on' | 'once' | 'off'>, AsyncIterable<SessionSummary> {
  /** The number of open sessions; in a cluster, of those that this process has served lately. */
  readonly size: number
  /** The most sessions that may be open at once, over all processes. */
  readonly max: number
  /** Resolves to the number of open sessions, over all processes. */
  count (): Promise<number>
  /**
   * Iterates over the open sessions of all processes, each once, in no particular order. A session that opens or ends
   * meanwhile may be missing. In a cluster, they are read from its store in pages.
   * @throws ClusterUnreachableError
   */
  [Symbol.asyncIterator] (): AsyncIterator<SessionSummary>
  /**
   * Ends a session: aborts its calls, ends its streams, on whatever process, and forgets it. Its client gets 404 next
   * time, and opens another session.
   *
   * @param session Its id, or the `idHash` of its summary, for which all sessions are looked through.
   * @param reason Why, for the log and for `ctx.signal.reason`. @default 'the session was ended'
   * @returns Whether it was open.
   * @throws ClusterUnreachableError
   */
  end (session: string, reason?: string): Promise<boolean>
  /**
   * Ends all sessions of some callers, as `end` does. Their clients may open others: to keep them out, withdraw their
   * access where they get their tokens.
   *
   * @returns How many were ended.
   * @throws TypeError if the filter names no caller, ClusterUnreachableError
   * @example await app.mcp.get('Notes').sessions.endAll({ subject: 'ann' }, 'left the company')
   */
  endAll (callers: CallerFilter, reason?: string): Promise<number>
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

  async * [Symbol.asyncIterator] (): AsyncGenerator<SessionSummary> {
    const seen = new Set<string>()
    for await (const page of this.home.list()) {
      const uses = await this.home.usesOf(page)
      for (const [index, session] of page.entries()) {
        if (seen.has(session.sessionId)) continue
        seen.add(session.sessionId)
        yield summarize(session, uses[index] ?? UNUSED)
      }
    }
  }

  /** Ends a session, if it is open. In a cluster, resolves when it has ended on all nodes. */
  finish (sessionId: string, reason: SessionEnd): unknown {
    return this.home.end(sessionId, reason)
  }

  async end (session: string, reason?: string): Promise<boolean> {
    if (await this.home.end(session, 'ended', reason)) return true
    return await this.#endWhere(({ sessionId }) => hashSessionId(sessionId) === session, 'ended', reason) > 0
  }

  async endAll (callers: CallerFilter, reason?: string): Promise<number> {
    const filter = readFilter(callers)
    return await this.#endWhere((session) => isOf(filter, session), 'ended', reason)
  }

  /** Ends the sessions of callers whose access was withdrawn. In a cluster, all nodes do this at the same time. */
  async revoke (callers: CallerFilter): Promise<void> {
    const own = [...this].filter((session) => isOf(callers, session))
    await Promise.all(own.map(({ sessionId }) => this.home.end(sessionId, 'revoked', WITHDRAWN)))
    // Sessions that no node serves at the moment are left to one of them.
    if (await this.home.isFirst()) await this.#endWhere((session) => isOf(callers, session), 'revoked', WITHDRAWN)
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

  close (session: Session, reason: SessionEnd, why = `the session was ${reason}`): void {
    this.#byId.delete(session.sessionId)
    session.close(why)
    this.#notify('ended', session, reason)
  }

  async #endWhere (
    isMeant: (session: ListedSession) => boolean, reason: SessionEnd, why: string | undefined
  ): Promise<number> {
    let ended = 0
    for await (const page of this.home.list()) {
      for (const session of page.filter(isMeant)) {
        if (await this.home.end(session.sessionId, reason, why)) ended++
      }
    }
    return ended
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

const WITHDRAWN = 'the access of its caller was withdrawn'

function isOf (callers: CallerFilter, { principal, grantId }: ListedSession): boolean {
  return principal !== undefined && chooses(callers, { ...parsePrincipal(principal), grantId })
}

function ownedBy (principal: string | undefined, session: Found): Found {
  return session?.principal === principal ? session : undefined
}
