// The home of sessions that several nodes serve: the store has them, and each node what goes on in them there.
import type { Message } from '../../protocol/message.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import { ClusterUnreachableError, type ClusterNode } from '../../store/cluster.ts'
import type { NoPlace } from '../../shares/shares.ts'
import type { SessionRecord, SessionStore } from '../../store/session-store.ts'
import type { SessionEnd, SessionHome, SessionTable } from '../home.ts'
import { Session, type SessionOpening } from '../session.ts'
import { sweepInterval, type SessionSettings } from '../settings.ts'
import { Forwarder, type ForwarderSettings } from './forwarder.ts'
import { NodeLink } from './node-link.ts'
import { createNodeListener, type NodeListeners } from './node-listener.ts'
import { Outage } from './outage.ts'
import { SharedSupport } from './shared-support.ts'

/** What a home in a cluster needs besides its settings. */
export interface SharedHomeEnvironment extends ForwarderSettings, NodeListeners {
  readonly table: SessionTable
  readonly node: ClusterNode
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number
  /** Called when the store fails; not when it is away. */
  onFailure (error: unknown, what: string): void
  /** Called when a client may not have heard of all that has changed. */
  onMissed (session: Session): void
  /** Called when nothing goes on here any more in a session, which may go on elsewhere. */
  onLeft (session: Session): void
}

/** Why a session has ended on all nodes. */
type SharedEnd = Extract<SessionEnd, 'deleted' | 'refused' | 'displaced'>

// No other id can be one of ours; asking the store for it would be of no use.
const SESSION_ID = /^[\da-f-]{36}$/

// Milliseconds between looks at what other nodes may have failed to tell.
const CHECK_INTERVAL = 2000

/** The home of sessions that several nodes serve. */
export class SharedHome implements SessionHome {
  readonly link: NodeLink
  readonly #settings: SessionSettings
  readonly #environment: SharedHomeEnvironment
  readonly #table: SessionTable
  readonly #node: ClusterNode
  readonly #store: SessionStore
  readonly #now: () => number
  readonly #outage: Outage
  readonly #support: SharedSupport
  readonly #forwarder: Forwarder
  readonly #loading = new Map<string, Promise<Session | undefined>>()
  readonly #ends: Array<() => void> = []

  constructor (settings: SessionSettings, environment: SharedHomeEnvironment) {
    const { table, node, now = Date.now } = environment
    const onFailure = (error: unknown, what: string): void => this.#report(error, what)
    this.link = new NodeLink(node, onFailure)
    this.#settings = settings
    this.#environment = environment
    this.#table = table
    this.#node = node
    this.#store = node.sessions
    this.#now = now
    this.#outage = new Outage(node)
    this.#support = new SharedSupport({
      node,
      link: this.link,
      outage: this.#outage,
      onFailure,
      onMissed: (sessionId) => {
        const session = table.get(sessionId)
        if (session !== undefined) environment.onMissed(session)
      }
    }, settings)
    this.#forwarder = new Forwarder(this.link, node, environment)
  }

  get max (): number { return this.#settings.maxSessions }

  count (): Promise<number> { return this.#store.count() }

  /** @throws ClusterUnreachableError */
  async open (opening: SessionOpening): Promise<Session | NoPlace> {
    const { holder } = opening
    const { sessionIdleTimeout: ttl, shares } = this.#settings
    const session = this.#create(opening)
    const record: SessionRecord = { ...opening, logLevel: session.logLevel }
    const counts = shares !== undefined && holder !== undefined && shares.sessions !== Infinity
    const share = counts ? { holder, max: shares.sessions } : undefined
    const limits = { max: this.max, ttl, ...(share && { share }), displaces: this.#displaces }
    const { kind, displaced } = await this.#store.open(session.sessionId, record, limits)
    if (kind === 'share' && share) return { refused: shares?.by ?? 'mount', max: share.max }
    if (kind !== 'opened') return { refused: 'mount', max: this.max }
    this.#table.add(session, true)
    if (displaced) this.#attempt(this.#spread(displaced, 'displaced'))
    return session
  }

  /**
   * Looks for a session in the store. Its record, which does not change, is read once, so that each further request
   * costs the same however large the record is.
   * @throws ClusterUnreachableError
   */
  async find (sessionId: string, known: Session | undefined, isUse: boolean): Promise<Session | undefined> {
    if (!SESSION_ID.test(sessionId)) return undefined
    const session = await (known === undefined ? this.#load(sessionId, isUse) : this.#renew(known, isUse))
    if (isUse) session?.use()
    return session
  }

  /** Ends a session on all nodes; who awaits it learns whether that could be done. */
  end (sessionId: string, reason: SharedEnd): Promise<void> {
    const ended = this.#end(sessionId, reason)
    this.#attempt(ended)
    return ended
  }

  /** @throws ClusterUnreachableError */
  forward (messages: ReadonlyArray<Message | Refusal>, session: Session): Promise<void> {
    return this.#forwarder.forward(messages, session)
  }

  start (): void {
    this.#ends.push(this.link.listen(createNodeListener(this.#table, this.#support, {
      ...this.#environment,
      link: this.link,
      close: (sessionId, reason) => this.#close(sessionId, reason),
      onFailure: (error, what) => this.#report(error, what)
    })))
    const every = (interval: number, work: () => Promise<void>): void => {
      const timer = setInterval(() => { this.#attempt(work()) }, interval).unref()
      this.#ends.push(() => clearInterval(timer))
    }
    every(sweepInterval(this.#settings), () => this.sweep())
    every(CHECK_INTERVAL, () => this.check())
  }

  /** Lets the sessions live on in which something goes on here, and lets go of those in which nothing has for long. */
  async sweep (): Promise<void> {
    const { sessionIdleTimeout: ttl } = this.#settings
    const busy: string[] = []
    for (const session of this.#table) {
      if (session.isBusy) busy.push(session.sessionId)
      else if (session.isIdleSince(this.#now() - ttl)) await this.#leaveIdle(session)
    }
    if (busy.length === 0) return
    for (const sessionId of await this.#store.touch(busy, ttl)) this.#closeGone(sessionId)
  }

  /** Finds out what has happened elsewhere without a word of other nodes. */
  async check (): Promise<void> {
    if (this.#node.isUnreachable) return
    await Promise.all([...this.#support.allStreams].map((streams) => streams.check()))
  }

  /** What nodes share is back. What was told meanwhile has reached nobody. */
  async back (): Promise<void> {
    this.#outage.end()
    const caughtUp = [...this.#support.allStreams].map((streams) => streams.catchUp())
    await this.#attempt(Promise.all([this.sweep(), ...caughtUp]))
  }

  /** Lets go of all sessions, which go on elsewhere. */
  async stop (): Promise<void> {
    for (const end of this.#ends.splice(0)) end()
    this.#outage.giveUp()
    await Promise.all([...this.#table].map((session) => this.#leave(session, 'the server is shutting down')))
  }

  #create (opening: SessionOpening): Session { return new Session(opening, this.#now(), this.#support) }
  get #displaces (): boolean { return this.#settings.shares?.displaces === true }
  async #renew (session: Session, isUse: boolean): Promise<Session | undefined> {
    const { sessionId } = session
    const marked = isUse && !session.isUsed ? this.#markUsed(sessionId) : undefined
    const [level] = await Promise.all([this.#store.renew(sessionId, this.#settings.sessionIdleTimeout), marked])
    if (level === undefined) return this.#closeGone(sessionId)
    // Nothing was going on in the session, so that it was let go of meanwhile.
    if (this.#table.get(sessionId) !== session) return await this.#load(sessionId, isUse)
    session.noteLogLevel(level)
    return session
  }

  // However many requests need it at once, a record is read once.
  #load (sessionId: string, isUse: boolean): Promise<Session | undefined> {
    const key = `${sessionId} ${isUse}`
    const loading = this.#loading.get(key) ?? this.#rebuild(sessionId, isUse).finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    return loading
  }

  async #rebuild (sessionId: string, isUse: boolean): Promise<Session | undefined> {
    const marked = isUse ? this.#markUsed(sessionId) : undefined
    const [record] = await Promise.all([this.#store.load(sessionId, this.#settings.sessionIdleTimeout), marked])
    if (record === undefined) return this.#closeGone(sessionId)
    const session = this.#table.get(sessionId) ?? this.#create({ ...record, sessionId })
    session.noteLogLevel(record.logLevel)
    this.#table.add(session, false)
    return session
  }

  // What may be displaced is marked before it is looked for, so that it is there, or is found to be gone.
  #markUsed (sessionId: string): Promise<void> | undefined {
    return this.#displaces ? this.#store.change(sessionId, { kind: 'use' }) : undefined
  }

  async #end (sessionId: string, reason: SharedEnd): Promise<void> {
    await this.#store.delete(sessionId)
    await this.#spread(sessionId, reason)
  }

  // A session has ended in the store: so it does everywhere.
  async #spread (sessionId: string, reason: SharedEnd): Promise<void> {
    this.#close(sessionId, reason)
    await Promise.all([this.#node.events.forget(sessionId), this.link.tellAll({ kind: 'ended', sessionId, reason })])
  }

  // The session has ended: what goes on in it here does, too.
  #close (sessionId: string, reason: SessionEnd): void {
    const session = this.#table.get(sessionId)
    if (session === undefined) return
    this.#table.close(session, reason)
    this.#support.forget(sessionId)
    this.#environment.onLeft(session)
  }

  // The store no longer has the session. It keeps one that is busy on any node, so a busy one was deleted on another
  // node, whose word of it is still on its way or was lost.
  #closeGone (sessionId: string): undefined {
    this.#close(sessionId, this.#table.get(sessionId)?.isBusy === true ? 'deleted' : 'idle')
  }

  async #leaveIdle (session: Session): Promise<void> {
    const { sessionId } = session
    if (await this.#store.readState(sessionId) === undefined) this.#close(sessionId, 'idle')
    else if (!session.isBusy) await this.#leave(session, 'the session goes on elsewhere')
  }

  async #leave (session: Session, reason: string): Promise<void> {
    this.#table.remove(session)
    this.#environment.onLeft(session)
    session.close(reason)
    await this.#support.forget(session.sessionId)?.leave()
  }

  async #attempt (done: Promise<unknown>): Promise<void> {
    await done.catch((error: unknown) => this.#report(error, 'the session store'))
  }

  // An outage is logged once, and not by each operation that it makes fail.
  #report (error: unknown, what: string): void {
    if (!(error instanceof ClusterUnreachableError)) this.#environment.onFailure(error, what)
  }
}
