// A session store in memory, for the nodes of one process.
import { ExpiryQueue, type Expiring } from '../expiry-queue.ts'
import { OrderedSet } from '../ordered-map.ts'
import type { RequestId } from '../protocol/message.ts'
import type {
  OpenOutcome, SessionChange, SessionLimits, SessionRecord, SessionState, SessionStore
} from './session-store.ts'

// Its queue learns that a session was touched when it would have expired.
interface Kept extends Expiring {
  readonly sessionId: string
  endsAt: number
  record: SessionRecord
  readonly holder: string | undefined
  listener: string | undefined
  turn: number
  /** URIs by topic. */
  readonly subscriptions: Map<string, string>
  readonly calls: Map<string, readonly RequestId[]>
}

/** The sessions that a store in memory keeps. Expired ones are removed when they are found, or when room is needed. */
class KeptSessions {
  readonly #now: () => number
  readonly #byId = new Map<string, Kept>()
  readonly #byExpiry = new ExpiryQueue<Kept>()
  readonly #idsByHolder = new Map<string, Set<string>>()
  // In the order in which they were opened.
  readonly #unused = new OrderedSet<string>()

  constructor (now: () => number) {
    this.#now = now
  }

  get size (): number { return this.#byId.size }

  get all (): Iterable<[string, Kept]> { return this.#byId }

  find (sessionId: string): Kept | undefined {
    const session = this.#byId.get(sessionId)
    if (session === undefined || session.endsAt > this.#now()) return session
    this.remove(sessionId)
  }

  /** Finds a session and extends its life. */
  touch (sessionId: string, ttl: number): Kept | undefined {
    const session = this.find(sessionId)
    if (session !== undefined) session.endsAt = this.#now() + ttl
    return session
  }

  add (sessionId: string, record: SessionRecord, { ttl, share, displaces }: SessionLimits): void {
    this.remove(sessionId)
    const holder = share?.holder
    const empty = { listener: undefined, turn: 0, subscriptions: new Map(), calls: new Map() }
    const endsAt = this.#now() + ttl
    const session = { sessionId, record, endsAt, expiresAt: endsAt, place: 0, holder, ...empty }
    this.#byId.set(sessionId, session)
    this.#byExpiry.add(session)
    if (holder !== undefined) {
      this.#idsByHolder.set(holder, (this.#idsByHolder.get(holder) ?? new Set()).add(sessionId))
    }
    if (displaces === true) this.#unused.add(sessionId)
  }

  /** Notes that a session is used, so that it is not displaced. */
  use (sessionId: string): void {
    this.#unused.delete(sessionId)
  }

  remove (sessionId: string): boolean {
    const session = this.#byId.get(sessionId)
    if (session === undefined) return false
    const { holder } = session
    const others = holder === undefined ? undefined : this.#idsByHolder.get(holder)
    others?.delete(sessionId)
    if (holder !== undefined && others?.size === 0) this.#idsByHolder.delete(holder)
    this.#unused.delete(sessionId)
    this.#byExpiry.delete(session)
    return this.#byId.delete(sessionId)
  }

  removeExpired (): void {
    const now = this.#now()
    for (let { first } = this.#byExpiry; first !== undefined && first.expiresAt <= now; { first } = this.#byExpiry) {
      if (first.endsAt <= now) this.remove(first.sessionId)
      else this.#byExpiry.move(first, first.endsAt)
    }
  }

  /** Whether the holder of a new session has no place left. */
  isOverShare ({ share }: SessionLimits): boolean {
    if (share === undefined) return false
    const { holder, max } = share
    this.removeExpired()
    return (this.#idsByHolder.get(holder)?.size ?? 0) >= max
  }

  /** Makes room for a new session. Returns undefined if there is none. */
  makeRoom ({ max, displaces }: SessionLimits): Pick<OpenOutcome, 'displaced'> | undefined {
    this.removeExpired()
    if (this.size < max) return {}
    const displaced = displaces === true && this.size === max ? this.#unused.first : undefined
    if (displaced === undefined) return undefined
    this.remove(displaced)
    return { displaced }
  }
}

/** Creates a session store in memory, for several apps of one process. @param now The clock, in milliseconds. */
export function createMemorySessionStore (now: () => number = Date.now): SessionStore {
  const sessions = new KeptSessions(now)

  return {
    async open (sessionId, record, limits) {
      if (sessions.isOverShare(limits)) return { kind: 'share' }
      const room = sessions.makeRoom(limits)
      if (room === undefined) return { kind: 'full' }
      sessions.add(sessionId, record, limits)
      return { kind: 'opened', ...room }
    },

    async load (sessionId, ttl) {
      return sessions.touch(sessionId, ttl)?.record
    },

    async renew (sessionId, ttl) {
      return sessions.touch(sessionId, ttl)?.record.logLevel
    },

    async readState (sessionId) {
      const session = sessions.find(sessionId)
      return session && stateOf(session)
    },

    async connect (sessionId, listener) {
      const session = sessions.find(sessionId)
      if (session === undefined) return undefined
      const connecting = { turn: ++session.turn, state: stateOf(session) }
      session.listener = listener ?? session.listener
      return connecting
    },

    async change (sessionId, change) {
      const session = sessions.find(sessionId)
      if (change.kind === 'use') sessions.use(sessionId)
      else if (session !== undefined) apply(session, change)
    },

    async touch (sessionIds, ttl) {
      return sessionIds.filter((sessionId) => sessions.touch(sessionId, ttl) === undefined)
    },

    async delete (sessionId) {
      return sessions.find(sessionId) !== undefined && sessions.remove(sessionId)
    },

    async list () {
      sessions.removeExpired()
      const stored = [...sessions.all].map(([sessionId, { record, endsAt, listener }]) =>
        ({ sessionId, record, expiresAt: endsAt, listener }))
      return { sessions: stored }
    },

    async count () {
      sessions.removeExpired()
      return sessions.size
    }
  }
}

function stateOf ({ subscriptions, listener, calls }: Kept): SessionState {
  return { subscriptions: [...subscriptions.values()], listener, calls: new Map(calls) }
}

function apply (session: Kept, change: Exclude<SessionChange, { kind: 'use' }>): void {
  switch (change.kind) {
    case 'logLevel': session.record = { ...session.record, logLevel: change.level }; break
    case 'subscribe': session.subscriptions.set(change.topic, change.uri); break
    case 'unsubscribe': session.subscriptions.delete(change.topic); break
    case 'unlisten': if (session.listener === change.node) session.listener = undefined; break
    case 'begin': session.calls.set(change.streamId, change.ids); break
    case 'end': session.calls.delete(change.streamId)
  }
}
