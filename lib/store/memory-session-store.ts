// A session store in memory, for the nodes of one process.
import type { RequestId } from '../protocol/message.ts'
import type {
  OpenOutcome, SessionChange, SessionLimits, SessionRecord, SessionState, SessionStore
} from './session-store.ts'

interface Kept {
  record: SessionRecord
  expiresAt: number
  readonly holder: string | undefined
  listener: string | undefined
  turn: number
  /** URIs by topic. */
  readonly subscriptions: Map<string, string>
  readonly calls: Map<string, readonly RequestId[]>
}

/** Creates a session store in memory, for several apps of one process. @param now The clock, in milliseconds. */
export function createMemorySessionStore (now: () => number = Date.now): SessionStore {
  const sessions = new Map<string, Kept>()
  const held = new Map<string, Set<string>>()
  // In the order in which they were opened.
  const unused = new Set<string>()

  function find (sessionId: string): Kept | undefined {
    const session = sessions.get(sessionId)
    if (session === undefined || session.expiresAt > now()) return session
    remove(sessionId)
  }

  function remove (sessionId: string): boolean {
    const holder = sessions.get(sessionId)?.holder
    const others = holder === undefined ? undefined : held.get(holder)
    others?.delete(sessionId)
    if (holder !== undefined && others?.size === 0) held.delete(holder)
    unused.delete(sessionId)
    return sessions.delete(sessionId)
  }

  function isOverShare (share: SessionLimits['share']): boolean {
    if (share === undefined) return false
    if (countOf(share.holder) >= share.max) forgetExpired(held.get(share.holder))
    return countOf(share.holder) >= share.max
  }

  function countOf (holder: string): number {
    return held.get(holder)?.size ?? 0
  }

  function findOldestUnused (): string | undefined {
    for (const sessionId of unused) if (find(sessionId) !== undefined) return sessionId
  }

  // Returns undefined if there is no room.
  function makeRoom ({ max, displaces }: SessionLimits): Pick<OpenOutcome, 'displaced'> | undefined {
    if (sessions.size >= max) forgetExpired(sessions.keys())
    if (sessions.size < max) return {}
    const displaced = displaces === true && sessions.size === max ? findOldestUnused() : undefined
    if (displaced === undefined) return undefined
    remove(displaced)
    return { displaced }
  }

  function touch (sessionId: string, ttl: number): Kept | undefined {
    const session = find(sessionId)
    if (session !== undefined) session.expiresAt = now() + ttl
    return session
  }

  function forgetExpired (sessionIds: Iterable<string> = []): void {
    for (const sessionId of sessionIds) find(sessionId)
  }

  return {
    async open (sessionId, record, limits) {
      const { ttl, share, displaces } = limits
      if (isOverShare(share)) return { kind: 'share' }
      const room = makeRoom(limits)
      if (room === undefined) return { kind: 'full' }
      const holder = share?.holder
      const empty = { listener: undefined, turn: 0, subscriptions: new Map(), calls: new Map() }
      sessions.set(sessionId, { record, expiresAt: now() + ttl, holder, ...empty })
      if (holder !== undefined) held.set(holder, (held.get(holder) ?? new Set()).add(sessionId))
      if (displaces === true) unused.add(sessionId)
      return { kind: 'opened', ...room }
    },

    async load (sessionId, ttl) {
      return touch(sessionId, ttl)?.record
    },

    async renew (sessionId, ttl) {
      return touch(sessionId, ttl)?.record.logLevel
    },

    async readState (sessionId) {
      const session = find(sessionId)
      return session && stateOf(session)
    },

    async connect (sessionId, listener) {
      const session = find(sessionId)
      if (session === undefined) return undefined
      const connecting = { turn: ++session.turn, state: stateOf(session) }
      session.listener = listener ?? session.listener
      return connecting
    },

    async change (sessionId, change) {
      const session = find(sessionId)
      if (change.kind === 'use') unused.delete(sessionId)
      else if (session !== undefined) apply(session, change)
    },

    async touch (sessionIds, ttl) {
      return sessionIds.filter((sessionId) => touch(sessionId, ttl) === undefined)
    },

    async delete (sessionId) {
      return find(sessionId) !== undefined && remove(sessionId)
    },

    async count () {
      forgetExpired(sessions.keys())
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
