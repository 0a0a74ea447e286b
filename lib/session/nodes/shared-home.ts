// The home of sessions that several nodes serve. The store holds the sessions; each node holds the requests and
// connections that it serves for them.
import type { Message } from '../../protocol/message.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import { ClusterUnreachableError } from '../../errors.ts'
import type { ClusterNode } from '../../store/cluster.ts'
import type { NoPlace } from '../../shares/shares.ts'
import type { SessionRecord, SessionStore } from '../../store/session-store.ts'
import type { ListedSession, SessionHome, SessionTable } from '../home.ts'
import { SESSION_STORE, type LogFailure } from '../log-failure.ts'
import { Session, type SessionOpening } from '../session.ts'
import type { SessionUse } from '../session-summary.ts'
import { sweepInterval, type SessionSettings } from '../settings.ts'
import { ChangePublisher } from './change-publisher.ts'
import { Forwarder, type ForwarderSettings } from './forwarder.ts'
import { countUses, listSessions, type ListingParts } from './listing.ts'
import { NodeLink } from './node-link.ts'
import { createNodeListener, type NodeListeners } from './node-listener.ts'
import type { SharedEnd } from './node-message.ts'
import { Outage } from './outage.ts'
import { Reconciler } from './reconciler.ts'
import { SharedSupport } from './shared-support.ts'

/** What a home in a cluster needs in addition to its settings. */
export interface SharedHomeEnvironment extends ForwarderSettings, NodeListeners {
  readonly table: SessionTable
  readonly node: ClusterNode
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number
  readonly logFailure: LogFailure
  /** Called when the client of a session may have missed changes. */
  onMissed (session: Session): void
  /** Called when this node no longer serves a session, which may go on elsewhere. */
  onLeft (session: Session): void
}

// The form of the ids that nodes create. The store is not asked for any other id.
const SESSION_ID = /^[\da-f-]{36}$/

const CUT_OFF = 'The server process was cut off from the others, and the answer may be lost. Send the request again'

// Milliseconds between two checks for lost messages of other nodes.
const CHECK_INTERVAL = 2000

/** The home of sessions that several nodes serve. */
export class SharedHome implements SessionHome {
  /** Publishes changes to the other nodes. */
  readonly changes: ChangePublisher
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
  readonly #reconciler: Reconciler
  readonly #loading = new Map<string, Promise<Session | undefined>>()
  readonly #ends: Array<() => void> = []
  // The membership logs an outage once, so the operations that fail because of it are not logged.
  readonly #logFailure: LogFailure = (error, what) => {
    if (!(error instanceof ClusterUnreachableError)) this.#environment.logFailure(error, what)
  }

  constructor (settings: SessionSettings, environment: SharedHomeEnvironment) {
    const { table, node, now = Date.now } = environment
    this.link = new NodeLink(node, this.#logFailure)
    this.#settings = settings
    this.#environment = environment
    this.#table = table
    this.#node = node
    this.#store = node.sessions
    this.#now = now
    this.#outage = new Outage(node)
    this.changes = new ChangePublisher(this.link, this.#outage)
    this.#support = new SharedSupport({
      node,
      link: this.link,
      outage: this.#outage,
      logFailure: this.#logFailure,
      onMissed: (sessionId) => {
        const session = table.get(sessionId)
        if (session !== undefined) environment.onMissed(session)
      }
    }, settings)
    this.#forwarder = new Forwarder(this.link, node, environment)
    this.#reconciler = new Reconciler({
      table,
      node,
      support: this.#support,
      ttl: settings.sessionIdleTimeout,
      now,
      onLeft: (session) => environment.onLeft(session)
    })
  }

  get max (): number { return this.#settings.maxSessions }

  count (): Promise<number> { return this.#store.count() }

  /** @throws ClusterUnreachableError */
  async open (opening: SessionOpening): Promise<Session | NoPlace> {
    const { holder } = opening
    const { sessionIdleTimeout: ttl, shares } = this.#settings
    const session = this.#create(opening)
    const record: SessionRecord = { ...opening, openedAt: session.openedAt, logLevel: session.logLevel }
    const counts = shares !== undefined && holder !== undefined && shares.sessions !== Infinity
    const share = counts ? { holder, max: shares.sessions } : undefined
    const limits = { max: this.max, ttl, ...(share && { share }), displaces: this.#displaces }
    const { kind, displaced } = await this.#store.open(session.sessionId, record, limits)
    if (kind === 'share' && share) return { refused: shares?.by ?? 'mount', max: share.max }
    if (kind !== 'opened') return { refused: 'mount', max: this.max }
    this.#table.add(session)
    if (displaced) this.#attempt(this.#spread(displaced, 'displaced'))
    return session
  }

  /**
   * Looks for a session in the store. A node reads the record of a session, which does not change, only once, so that
   * further requests cost the same however large the record is.
   * @throws ClusterUnreachableError
   */
  async find (sessionId: string, known: Session | undefined, isUse: boolean): Promise<Session | undefined> {
    if (!SESSION_ID.test(sessionId)) return undefined
    const session = await (known === undefined ? this.#load(sessionId, isUse) : this.#renew(known, isUse))
    if (isUse) session?.use()
    return session
  }

  list (): AsyncIterable<readonly ListedSession[]> {
    return listSessions(this.#listing)
  }

  async isFirst (): Promise<boolean> {
    return (await this.#node.others()).every((other) => this.#node.id < other)
  }

  usesOf (page: readonly ListedSession[]): Promise<readonly SessionUse[]> {
    return countUses(page.map(({ sessionId }) => sessionId), this.#listing)
  }

  /** Ends a session on all nodes. Rejects if the store fails; the failure is logged even if the promise is ignored. */
  end (sessionId: string, reason: SharedEnd, why?: string): Promise<boolean> {
    const ended = this.#end(sessionId, reason, why)
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
      close: (sessionId, reason, why) => this.#reconciler.close(sessionId, reason, why),
      logFailure: this.#logFailure
    })))
    const every = (interval: number, work: () => Promise<void>): void => {
      const timer = setInterval(() => { this.#attempt(work()) }, interval).unref()
      this.#ends.push(() => clearInterval(timer))
    }
    every(sweepInterval(this.#settings), () => this.sweep())
    every(CHECK_INTERVAL, () => this.check())
  }

  /** Lets busy sessions live on, and stops holding idle ones. */
  sweep (): Promise<void> { return this.#reconciler.sweep() }

  /** Finds what happened on other nodes without a message from them. */
  check (): Promise<void> { return this.#reconciler.check() }

  /** Retries what waits for the end of an outage, and makes up for the messages that did not arrive during it. */
  async recover (): Promise<void> {
    this.#outage.end()
    await this.#attempt(this.#reconciler.catchUp())
  }

  /**
   * Rejects the open questions of all sessions. Other nodes have taken this one for dead, and may have dropped the
   * answers.
   */
  presumedDead (): void {
    for (const session of this.#table) session.abandonQuestions(CUT_OFF)
  }

  /** Stops serving all sessions, which go on elsewhere. */
  async stop (): Promise<void> {
    for (const end of this.#ends.splice(0)) end()
    this.#outage.giveUp()
    const leave = (session: Session): Promise<void> => this.#reconciler.leave(session, 'the server is shutting down')
    await Promise.all([...this.#table].map(leave))
  }

  #create (opening: SessionOpening): Session {
    return new Session(opening, this.#now(), this.#support)
  }

  get #displaces (): boolean { return this.#settings.shares?.displaces === true }

  async #renew (session: Session, isUse: boolean): Promise<Session | undefined> {
    const { sessionId } = session
    const marked = isUse && !session.isUsed ? this.#markUsed(sessionId) : undefined
    const [level] = await Promise.all([this.#store.renew(sessionId, this.#settings.sessionIdleTimeout), marked])
    if (level === undefined) return this.#reconciler.closeGone(sessionId)
    // The session was idle, and this node stopped holding it while the store answered.
    if (this.#table.get(sessionId) !== session) return await this.#load(sessionId, isUse)
    session.noteLogLevel(level)
    return session
  }

  // Concurrent requests share one read of a record.
  #load (sessionId: string, isUse: boolean): Promise<Session | undefined> {
    const key = `${sessionId} ${isUse}`
    const loading = this.#loading.get(key) ?? this.#rebuild(sessionId, isUse).finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    return loading
  }

  async #rebuild (sessionId: string, isUse: boolean): Promise<Session | undefined> {
    const marked = isUse ? this.#markUsed(sessionId) : undefined
    const [record] = await Promise.all([this.#store.load(sessionId, this.#settings.sessionIdleTimeout), marked])
    if (record === undefined) return this.#reconciler.closeGone(sessionId)
    const session = this.#table.get(sessionId) ?? this.#create({ ...record, sessionId })
    session.noteLogLevel(record.logLevel)
    this.#table.restore(session)
    return session
  }

  // Marks a session that could be displaced before it is read: afterwards it is either safe or found to be gone.
  #markUsed (sessionId: string): Promise<void> | undefined {
    return this.#displaces ? this.#store.change(sessionId, { kind: 'use' }) : undefined
  }

  async #end (sessionId: string, reason: SharedEnd, why?: string): Promise<boolean> {
    if (!SESSION_ID.test(sessionId)) return false
    const wasOpen = await this.#store.delete(sessionId)
    await this.#spread(sessionId, reason, why)
    return wasOpen
  }

  // Ends on all nodes a session that has ended in the store.
  async #spread (sessionId: string, reason: SharedEnd, why?: string): Promise<void> {
    this.#reconciler.close(sessionId, reason, why)
    const ended = { kind: 'ended', sessionId, reason, ...(why !== undefined && { why }) } as const
    await Promise.all([this.#node.events.forget(sessionId), this.link.broadcast(ended)])
  }

  get #listing (): ListingParts {
    const ttl = this.#settings.sessionIdleTimeout
    return { node: this.#node, link: this.link, table: this.#table, ttl }
  }

  async #attempt (done: Promise<unknown>): Promise<void> {
    await done.catch((error: unknown) => this.#logFailure(error, SESSION_STORE))
  }
}
