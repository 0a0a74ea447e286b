// The sessions of one mount that several nodes serve: the store has them, and each node what goes on in it.
import { EventEmitter } from 'node:events'
import type { ClusterNode } from '../store/cluster.ts'
import { ClusterAwayError } from '../store/cluster.ts'
import { NodeLink } from './nodes/node-link.ts'
import type { NodeMessage } from './nodes/node-message.ts'
import { Outage } from './nodes/outage.ts'
import type { Params, RequestId } from '../protocol/message.ts'
import type { ClientIdentity } from '../protocol/client-identity.ts'
import { hasPriming } from '../protocol/revisions.ts'
import type { SharedResumption } from './stream/shared-stream.ts'
import type { NoPlace } from '../shares/shares.ts'
import type { SessionEnd, SessionEvents, SessionOwner, Sessions, SessionSettings } from './manager.ts'
import type { SessionRecord } from '../store/session-store.ts'
import type { Running } from './running.ts'
import type { Session, SessionOpening } from './session.ts'
import { SharedSession, type SessionHost } from './shared-session.ts'

/** Who is told of what becomes of sessions. */
export interface SharedSessionsListeners {
  /** Told when the store or a listener fails; not when it is away. */
  onFailure (error: unknown, what: string): void
  /** A client may not have heard of all that has changed. */
  onMissed (session: SharedSession): void
  /** A client has sent a notification to another node. */
  onNotified (session: SharedSession, method: string, params: Params): void
  /** Other nodes tell something that is not of one session. */
  onTold (message: NodeMessage): void
  /** Nothing goes on here any more in a session, which may go on elsewhere. */
  onLeft (session: Session): void
}

const SWEEPS_PER_TIMEOUT = 4

// Milliseconds between looks at the calls of other nodes whose clients have come back here.
const CHECK_INTERVAL = 2000

// No other id can be one of ours; asking the store for it would be of no use.
const SESSION_ID = /^[\da-f-]{36}$/

/** The sessions of one mount of a cluster. */
export class SharedSessions extends EventEmitter<SessionEvents> implements Sessions {
  readonly link: NodeLink
  readonly #settings: Omit<SessionSettings, 'eventStore'>
  readonly #node: ClusterNode
  readonly #listeners: SharedSessionsListeners
  readonly #host: SessionHost
  readonly #now: () => number
  readonly #outage: Outage
  readonly #sessions = new Map<string, SharedSession>()
  readonly #loading = new Map<string, Promise<void>>()
  readonly #timers: NodeJS.Timeout[] = []
  #endListening: (() => void) | undefined

  /** @param now The clock, in milliseconds. */
  constructor (settings: Omit<SessionSettings, 'eventStore'>, node: ClusterNode, listeners: SharedSessionsListeners, now: () => number = Date.now) {
    super()
    this.link = new NodeLink(node, (error, what) => this.#report(error, what))
    this.#settings = settings
    this.#node = node
    this.#listeners = listeners
    this.#now = now
    this.#outage = new Outage(node)
    this.#host = {
      node,
      link: this.link,
      outage: this.#outage,
      onFailure: (error, what) => this.#report(error, what),
      onMissed: (session) => listeners.onMissed(session)
    }
  }

  get size (): number { return this.#sessions.size }

  get max (): number { return this.#settings.maxSessions }

  count (): Promise<number> {
    return this.#node.sessions.count()
  }

  [Symbol.iterator] (): Iterator<SharedSession> {
    return this.#sessions.values()
  }

  /** @throws ClusterAwayError */
  async open (protocolVersion: string, client: ClientIdentity, { principal, holder }: SessionOwner = {}): Promise<Session | NoPlace> {
    const { maxSessions: max, sessionIdleTimeout: ttl, shares } = this.#settings
    const session = this.#create({ protocolVersion, client, principal, holder })
    const record: SessionRecord = { protocolVersion, client, principal, holder, logLevel: session.logLevel }
    const share = shares === undefined || holder === undefined || shares.sessions === Infinity ? undefined : { holder, max: shares.sessions }
    const { kind, displaced } = await this.#node.sessions.open(session.sessionId, record, { max, ttl, ...(share && { share }), displaces: this.#displaces })
    if (kind === 'share') return { refused: shares?.by ?? 'mount', max: share?.max ?? max }
    if (kind === 'full') return { refused: 'mount', max }
    this.#sessions.set(session.sessionId, session)
    this.#tell('opened', session)
    if (displaced !== undefined) this.#spread(displaced, 'displaced').catch((error: unknown) => this.#report(error, 'the session store'))
    return session
  }

  /**
   * Looks for a session in the store, so that it is found; one that has ended no longer is. Its record, which does not change,
   * is read once, so that each further request costs the same however large the record is.
   * @param isUse Whether its client does more than open it.
   * @throws ClusterAwayError
   */
  async load (sessionId: string, isUse = true): Promise<void> {
    if (!SESSION_ID.test(sessionId)) return
    const session = this.#sessions.get(sessionId)
    if (session === undefined) await this.#loadRecord(sessionId, isUse)
    else await this.#renew(session, isUse)
    if (isUse) this.#sessions.get(sessionId)?.use()
  }

  find (sessionId: string, principal?: string): SharedSession | undefined {
    const session = this.#sessions.get(sessionId)
    return session?.principal === principal ? session : undefined
  }

  settle (session: Session, id?: RequestId, running?: Running): void {
    session.end(this.#now(), id, running)
  }

  /** Ends a session on all nodes; who awaits it learns whether that could be done. */
  end (sessionId: string, reason: 'deleted' | 'refused'): Promise<void> {
    const ended = this.#end(sessionId, reason)
    ended.catch((error: unknown) => this.#report(error, 'the session store'))
    return ended
  }

  start (): void {
    this.#endListening = this.link.listen((message, from) => this.#hear(message, from))
    const every = (interval: number, work: () => Promise<void>): void => {
      this.#timers.push(setInterval(() => { work().catch((error: unknown) => this.#report(error, 'the session store')) }, interval).unref())
    }
    every(Math.ceil(this.#settings.sessionIdleTimeout / SWEEPS_PER_TIMEOUT), () => this.sweep())
    every(CHECK_INTERVAL, () => this.check())
  }

  /** Lets the sessions live on in which something goes on here, and lets go of those in which nothing has for long. */
  async sweep (): Promise<void> {
    const { sessionIdleTimeout: ttl } = this.#settings
    const busy: string[] = []
    for (const session of this) {
      if (session.isBusy) busy.push(session.sessionId)
      else if (session.isIdleSince(this.#now() - ttl)) await this.#leaveIdle(session)
    }
    if (busy.length === 0) return
    for (const sessionId of await this.#node.sessions.touch(busy, ttl)) this.#closeGone(sessionId)
  }

  /** Finds out what has happened elsewhere that nobody tells. */
  async check (): Promise<void> {
    if (this.#node.isAway) return
    await Promise.all([...this].map((session) => session.check()))
  }

  /** What nodes share is back. What was told meanwhile has reached nobody. */
  async back (): Promise<void> {
    this.#outage.end()
    const caughtUp = Promise.all([this.sweep(), ...[...this].map((session) => session.catchUp())])
    await caughtUp.catch((error: unknown) => this.#report(error, 'the session store'))
  }

  /** Lets go of all sessions, which go on elsewhere. */
  async stop (): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    this.#endListening?.()
    this.#outage.giveUp()
    await Promise.all([...this].map((session) => this.#leave(session, 'the server is shutting down')))
  }

  #create (opening: SessionOpening): SharedSession {
    const { retryInterval } = this.#settings
    const resumption: SharedResumption = {
      store: this.#node.events,
      retryInterval,
      primes: hasPriming(opening.protocolVersion),
      onFailure: this.#host.onFailure,
      untilBack: this.#outage.untilBack
    }
    return new SharedSession({ ...opening, watching: this.#settings.watching }, this.#now(), this.#host, resumption)
  }

  get #displaces (): boolean { return this.#settings.shares?.displaces === true }

  async #renew (session: SharedSession, isUse: boolean): Promise<void> {
    const { sessionId } = session
    const marked = isUse && !session.isUsed ? this.#markUsed(sessionId) : undefined
    const [level] = await Promise.all([this.#node.sessions.renew(sessionId, this.#settings.sessionIdleTimeout), marked])
    if (level === undefined) this.#closeGone(sessionId)
    else if (this.#sessions.get(sessionId) === session) session.update(level)
    // Nothing was going on in it, so that it was let go of meanwhile.
    else await this.#loadRecord(sessionId, isUse)
  }

  // However many requests need it at once, a record is read once.
  async #loadRecord (sessionId: string, isUse: boolean): Promise<void> {
    const key = `${sessionId} ${isUse}`
    const loading = this.#loading.get(key) ?? this.#rebuild(sessionId, isUse).finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    await loading
  }

  async #rebuild (sessionId: string, isUse: boolean): Promise<void> {
    const marked = isUse ? this.#markUsed(sessionId) : undefined
    const [record] = await Promise.all([this.#node.sessions.load(sessionId, this.#settings.sessionIdleTimeout), marked])
    if (record === undefined) return this.#closeGone(sessionId)
    const session = this.#sessions.get(sessionId) ?? this.#create({ ...record, sessionId })
    session.update(record.logLevel)
    this.#sessions.set(sessionId, session)
  }

  // What may be displaced is marked before it is looked for, so that it is there, or is found to be gone.
  #markUsed (sessionId: string): Promise<void> | undefined {
    return this.#displaces ? this.#node.sessions.change(sessionId, { kind: 'use' }) : undefined
  }

  async #end (sessionId: string, reason: 'deleted' | 'refused'): Promise<void> {
    await this.#node.sessions.delete(sessionId)
    await this.#spread(sessionId, reason)
  }

  // A session has ended in the store: so it does everywhere.
  async #spread (sessionId: string, reason: 'deleted' | 'refused' | 'displaced'): Promise<void> {
    this.#close(sessionId, reason)
    await Promise.all([this.#node.events.forget(sessionId), this.link.tellAll({ kind: 'ended', sessionId, reason })])
  }

  // The session has ended: what goes on in it here does, too.
  #close (sessionId: string, reason: SessionEnd): void {
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return
    this.#sessions.delete(sessionId)
    session.close(`the session was ${reason}`)
    this.#listeners.onLeft(session)
    this.#tell('ended', session, reason)
  }

  // The store no longer has the session. It keeps one that is busy on any node, so a busy one was deleted on another node,
  // whose word of it is still on its way or was lost.
  #closeGone (sessionId: string): void {
    this.#close(sessionId, this.#sessions.get(sessionId)?.isBusy === true ? 'deleted' : 'idle')
  }

  async #leaveIdle (session: SharedSession): Promise<void> {
    const { sessionId } = session
    if (await this.#node.sessions.readState(sessionId) === undefined) this.#close(sessionId, 'idle')
    else if (!session.isBusy) await this.#leave(session, 'the session goes on elsewhere')
  }

  async #leave (session: SharedSession, reason: string): Promise<void> {
    this.#sessions.delete(session.sessionId)
    this.#listeners.onLeft(session)
    await session.leave(reason)
  }

  #hear (message: NodeMessage, from: string): number | undefined {
    const session = 'sessionId' in message ? this.#sessions.get(message.sessionId) : undefined
    switch (message.kind) {
      case 'answered': session?.answer(message.id, message.answer); break
      case 'awaited': return session?.awaiting(message.requestId).length ?? 0
      case 'cancelled': session?.cancel(message.requestId, message.reason); break
      case 'notified': if (session !== undefined) this.#listeners.onNotified(session, message.method, message.params); break
      case 'ended': this.#close(message.sessionId, message.reason); break
      case 'taken': if (session?.release(message.streamId, message.turn) === true) this.#confirm(session, from); break
      case 'handed': session?.handedOff(); break
      case 'paused': session?.pauseListening(); break
      case 'watched': session?.watch(message.uri, message.watches); break
      default: this.#listeners.onTold(message)
    }
  }

  #confirm ({ sessionId }: Session, to: string): void {
    this.link.tell(to, { kind: 'handed', sessionId }).catch((error: unknown) => this.#report(error, 'the way to another node'))
  }

  // That the store is away is told once, and not by each that has tried.
  #report (error: unknown, what: string): void {
    if (!(error instanceof ClusterAwayError)) this.#listeners.onFailure(error, what)
  }

  // A listener that throws must keep no session from opening.
  #tell<Name extends keyof SessionEvents> (name: Name, ...args: SessionEvents[Name]): void {
    try {
      this.emit<keyof SessionEvents>(name, ...args)
    } catch (error) {
      this.#report(error, `a listener of '${name}'`)
    }
  }
}
