// The sessions of one mount: opened by `initialize`, ended by the client, by idleness or by the app's end.
import { EventEmitter } from 'node:events'
import type { ClientIdentity } from '../protocol/client-identity.ts'
import type { RequestId } from '../protocol/message.ts'
import { hasPriming } from '../protocol/revisions.ts'
import type { EventStore } from '../store/event-store.ts'
import type { Resumption } from './stream/session-stream.ts'
import { EVENT_STORE } from './stream/writer.ts'
import type { Running } from './running.ts'
import { Session } from './session.ts'
import { limitStore } from './store-limit.ts'
import type { WatchBudget } from '../notify/watch-budget.ts'
import type { ResolvedShares } from '../shares/share-options.ts'
import { Shares, type NoPlace } from '../shares/shares.ts'

/** How the sessions of one mount are kept. */
export interface SessionSettings {
  /** Milliseconds without a request after which a session ends; 0 for never. */
  readonly sessionIdleTimeout: number
  readonly maxSessions: number
  /** What one caller may have; absent where that is all there is. */
  readonly shares?: Pick<ResolvedShares, 'by' | 'sessions' | 'displaces'>
  /** What the sessions may watch counts in; absent where each counts by itself. */
  readonly watching?: WatchBudget
  /** Keeps events for clients whose connection breaks; undefined for no resumption. */
  readonly eventStore: EventStore | undefined
  /** Milliseconds that the store may take for one operation; 0 for ever. @default 0 */
  readonly storeTimeout?: number
  /** Milliseconds after which such a client may come back. */
  readonly retryInterval: number | undefined
}

/**
 * Why a session has ended: the client said so, its `initialize` failed, nothing happened for too long, it was never used and
 * another one needed its place, the stream of its HTTP+SSE has ended, or the app has.
 */
export type SessionEnd = 'deleted' | 'refused' | 'idle' | 'displaced' | 'disconnected' | 'closed'

/** Who opens a session. */
export interface SessionOwner {
  /** Who the caller has proved to be; absent where nobody has to. */
  readonly principal?: string | undefined
  /** Whom the session counts for; absent where it counts for nobody. */
  readonly holder?: string | undefined
}

/**
 * What listeners are told of a session.
 * @interface
 */
export type SessionInfo = Pick<Session, 'sessionId' | 'protocolVersion' | 'client'>

/** What the requests of clients do with the sessions of a mount. */
export interface Sessions extends MountSessions, Iterable<Session> {
  /** Opens a session, or tells why there is no place for it. */
  open (protocolVersion: string, client: ClientIdentity, owner?: SessionOwner): Session | NoPlace | Promise<Session | NoPlace>
  /** Finds an open session; that of another principal is not found. */
  find (sessionId: string, principal?: string): Session | undefined
  /** Marks the end of a request, from which the session's idle time counts. */
  settle (session: Session, id?: RequestId, running?: Running): void
  /** Ends a session, if it is open. */
  end (sessionId: string, reason: 'deleted' | 'refused'): void | Promise<void>
  /** Begins to look for idle sessions. */
  start (): void
  /** Lets go of all sessions. */
  stop (): void | Promise<void>
}

/** What a mount tells of its sessions. */
export interface SessionEvents {
  /** A session has been opened. */
  opened: [session: SessionInfo]
  /** A session has ended, and why. */
  ended: [session: SessionInfo, reason: SessionEnd]
}

/** The sessions of a mount, for its owner: how many there are, and when one opens or ends. */
export interface MountSessions extends Pick<EventEmitter<SessionEvents>, 'on' | 'once' | 'off'> {
  /** How many sessions are open; in a cluster, of those that this process has served lately. */
  readonly size: number
  /** How many sessions may be open at once, over all processes. */
  readonly max: number
  /** How many sessions are open, over all processes. */
  count (): Promise<number>
}

// Idle sessions are looked for this often in one idle timeout.
const SWEEPS_PER_TIMEOUT = 4

/** The sessions of one mount. One timer for all of them. */
export class SessionManager extends EventEmitter<SessionEvents> implements Sessions {
  readonly #settings: SessionSettings
  readonly #onFailure: (error: unknown, what: string) => void
  readonly #now: () => number
  readonly #sessions = new Map<string, Session>()
  // Those that may make room for others, oldest first. One that was used meanwhile leaves when it is looked at.
  readonly #unused = new Set<Session>()
  readonly #shares: Shares
  #sweeper: NodeJS.Timeout | undefined

  /** @param onFailure Told when the event store or a listener fails. @param now The clock, in milliseconds. */
  constructor (settings: SessionSettings, onFailure: (error: unknown, what: string) => void, now: () => number = Date.now) {
    super()
    this.#settings = { ...settings, eventStore: settings.eventStore && limitStore(settings.eventStore, { timeout: settings.storeTimeout ?? 0, pauses: true }) }
    this.#shares = new Shares(settings.shares?.sessions ?? Infinity)
    this.#onFailure = onFailure
    this.#now = now
  }

  get size (): number { return this.#sessions.size }

  get max (): number { return this.#settings.maxSessions }

  /** The open sessions. */
  [Symbol.iterator] (): Iterator<Session> {
    return this.#sessions.values()
  }

  async count (): Promise<number> {
    return this.#sessions.size
  }

  open (protocolVersion: string, client: ClientIdentity, owner: SessionOwner = {}): Session | NoPlace {
    return this.admit(owner, (now) => new Session({ protocolVersion, client, ...owner, watching: this.watching }, now, this.#resumptionFor(protocolVersion)))
  }

  /** What the sessions may watch counts in. */
  protected get watching (): WatchBudget | undefined { return this.#settings.watching }

  /** Adds a session where there is a place for it. */
  protected admit<S extends Session> ({ holder }: SessionOwner, create: (now: number) => S): S | NoPlace {
    const { maxSessions, shares } = this.#settings
    if (!this.#shares.take(holder)) return { refused: shares?.by ?? 'mount', max: this.#shares.max }
    if (this.#sessions.size >= maxSessions && !this.#displace()) {
      this.#shares.release(holder)
      return { refused: 'mount', max: maxSessions }
    }
    const session = create(this.#now())
    this.#sessions.set(session.sessionId, session)
    if (shares?.displaces === true) this.#unused.add(session)
    this.#tell('opened', session)
    return session
  }

  // A flood pushes out itself, and nobody who has begun to work.
  #displace (): boolean {
    for (const session of this.#unused) {
      if (session.isUsed) {
        this.#unused.delete(session)
      } else if (!session.isServing) {
        this.end(session.sessionId, 'displaced')
        return true
      }
    }
    return false
  }

  find (sessionId: string, principal?: string): Session | undefined {
    const session = this.#sessions.get(sessionId)
    return session?.principal === principal ? session : undefined
  }

  settle (session: Session, id?: RequestId, running?: Running): void {
    session.end(this.#now(), id, running)
  }

  end (sessionId: string, reason: SessionEnd): void {
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return
    this.#sessions.delete(sessionId)
    this.#unused.delete(session)
    this.#shares.release(session.holder)
    session.close(`the session was ${reason}`)
    this.#forgetEvents(session)
    this.#tell('ended', session, reason)
  }

  start (): void {
    const { sessionIdleTimeout } = this.#settings
    if (sessionIdleTimeout === 0) return
    this.#sweeper = setInterval(() => this.sweep(), Math.ceil(sessionIdleTimeout / SWEEPS_PER_TIMEOUT))
    this.#sweeper.unref()
  }

  /** Ends the sessions that have been idle for too long. */
  sweep (): void {
    const moment = this.#now() - this.#settings.sessionIdleTimeout
    for (const [sessionId, session] of this.#sessions) {
      if (session.isIdleSince(moment)) this.end(sessionId, 'idle')
    }
  }

  /** Ends all sessions. */
  stop (): void {
    clearInterval(this.#sweeper)
    for (const sessionId of this.#sessions.keys()) this.end(sessionId, 'closed')
  }

  #resumptionFor (protocolVersion: string): Resumption | undefined {
    const { eventStore: store, retryInterval } = this.#settings
    return store && { store, retryInterval, primes: hasPriming(protocolVersion), onFailure: this.#onFailure }
  }

  // A listener that throws must keep no session from opening, and no timer from ending it.
  #tell<Name extends keyof SessionEvents> (name: Name, ...args: SessionEvents[Name]): void {
    try {
      this.emit<keyof SessionEvents>(name, ...args)
    } catch (error) {
      this.#onFailure(error, `a listener of '${name}'`)
    }
  }

  #forgetEvents ({ sessionId, hasStreamed }: Session): void {
    const { eventStore } = this.#settings
    if (eventStore === undefined || !hasStreamed) return
    // In a function of its own, so that a store that throws fails as one that rejects.
    const forgotten = async (): Promise<void> => eventStore.forget(sessionId)
    forgotten().catch((error) => this.#onFailure(error, EVENT_STORE))
  }
}
