// The home of sessions that live in one process.
import { OrderedSet } from '../ordered-map.ts'
import { Shares, type NoPlace } from '../shares/shares.ts'
import type { EventStore } from '../store/event-store.ts'
import type { ListedSession, SessionHome, SessionTable } from './home.ts'
import type { SessionEnd } from '../telemetry/events.ts'
import { LocalSupport } from './local-support.ts'
import { EVENT_STORE, type LogFailure } from './log-failure.ts'
import { Session, type SessionOpening } from './session.ts'
import { UNUSED, type SessionUse } from './session-summary.ts'
import { sweepInterval, type LocalSessionSettings } from './settings.ts'
import { limitStore } from './store-limit.ts'

/** What a home in one process needs in addition to its settings. */
export interface LocalHomeEnvironment {
  readonly table: SessionTable
  readonly logFailure: LogFailure
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number
}

/** The home of sessions that live in one process. One timer ends the idle ones. */
export class LocalHome implements SessionHome {
  readonly #settings: LocalSessionSettings
  readonly #eventStore: EventStore | undefined
  readonly #support: LocalSupport
  readonly #table: SessionTable
  readonly #logFailure: LogFailure
  readonly #now: () => number
  // The sessions that may be ended to make room, oldest first. Used ones are removed only when room is needed.
  readonly #unused = new OrderedSet<Session>()
  readonly #shares: Shares
  #sweeper: NodeJS.Timeout | undefined

  constructor (settings: LocalSessionSettings, { table, logFailure, now = Date.now }: LocalHomeEnvironment) {
    const { eventStore, storeTimeout = 0, retryInterval, watching, shares } = settings
    this.#settings = settings
    this.#eventStore = eventStore && limitStore(eventStore, { timeout: storeTimeout, pauses: true })
    this.#support = new LocalSupport({ store: this.#eventStore, retryInterval, watching, logFailure })
    this.#shares = new Shares(shares?.sessions ?? Infinity)
    this.#table = table
    this.#logFailure = logFailure
    this.#now = now
  }

  get max (): number { return this.#settings.maxSessions }

  async count (): Promise<number> {
    return this.#table.size
  }

  open (opening: SessionOpening): Session | NoPlace {
    const { shares } = this.#settings
    const { holder } = opening
    if (!this.#shares.take(holder)) return { refused: shares?.by ?? 'mount', max: this.#shares.max }
    if (this.#table.size >= this.max && !this.#displace()) {
      this.#shares.release(holder)
      return { refused: 'mount', max: this.max }
    }
    const session = new Session(opening, this.#now(), this.#support)
    if (shares?.displaces === true) this.#unused.add(session)
    this.#table.add(session)
    return session
  }

  async * list (): AsyncGenerator<readonly Session[]> {
    yield [...this.#table]
  }

  async isFirst (): Promise<boolean> {
    return true
  }

  async usesOf (page: readonly ListedSession[]): Promise<readonly SessionUse[]> {
    return page.map(({ sessionId }) => this.#table.get(sessionId)?.usage ?? UNUSED)
  }

  end (sessionId: string, reason: SessionEnd, why?: string): boolean {
    const session = this.#table.get(sessionId)
    if (session === undefined) return false
    this.#unused.delete(session)
    this.#shares.release(session.holder)
    this.#table.close(session, reason, why)
    this.#forgetEvents(session)
    return true
  }

  forward (): undefined {}

  start (): void {
    if (this.#settings.sessionIdleTimeout === 0) return
    this.#sweeper = setInterval(() => this.sweep(), sweepInterval(this.#settings)).unref()
  }

  /** Ends the sessions that have been idle for too long. */
  sweep (): void {
    const moment = this.#now() - this.#settings.sessionIdleTimeout
    for (const session of this.#table) {
      if (session.isIdleSince(moment)) this.end(session.sessionId, 'idle')
    }
  }

  /** Ends all sessions. */
  stop (): void {
    clearInterval(this.#sweeper)
    for (const { sessionId } of this.#table) this.end(sessionId, 'closed')
  }

  // Ends the oldest unused session, so that a flood of new sessions displaces only itself.
  #displace (): boolean {
    for (const session of this.#unused.values()) {
      if (session.isUsed) {
        this.#unused.delete(session)
      } else if (!session.isServing) {
        this.end(session.sessionId, 'displaced')
        return true
      }
    }
    return false
  }

  #forgetEvents ({ sessionId, hasStreamed }: Session): void {
    const store = this.#eventStore
    if (store === undefined || !hasStreamed) return
    // An async function, so that an exception of the store becomes a rejection.
    const forgotten = async (): Promise<void> => store.forget(sessionId)
    forgotten().catch((error) => this.#logFailure(error, EVENT_STORE))
  }
}
