// Sessions in memory, for the nodes of one process.
import type { RequestId } from '../protocol/message.ts'
import type { SessionChange, SessionRecord, SessionStore } from './session-store.ts'

interface Kept {
  record: SessionRecord
  expiresAt: number
  listener: string | undefined
  readonly subscriptions: Set<string>
  readonly calls: Map<string, readonly RequestId[]>
}

/** A session store in memory, for several apps of one process. @param now The clock, in milliseconds. */
export function createMemorySessionStore (now: () => number = Date.now): SessionStore {
  const sessions = new Map<string, Kept>()

  function find (sessionId: string): Kept | undefined {
    const session = sessions.get(sessionId)
    if (session === undefined || session.expiresAt > now()) return session
    sessions.delete(sessionId)
  }

  function touch (sessionId: string, ttl: number): Kept | undefined {
    const session = find(sessionId)
    if (session !== undefined) session.expiresAt = now() + ttl
    return session
  }

  function forgetExpired (): void {
    for (const sessionId of sessions.keys()) find(sessionId)
  }

  return {
    async open (sessionId, record, { max, ttl }) {
      if (sessions.size >= max) forgetExpired()
      if (sessions.size >= max) return false
      sessions.set(sessionId, { record, expiresAt: now() + ttl, listener: undefined, subscriptions: new Set(), calls: new Map() })
      return true
    },

    async load (sessionId, ttl) {
      return touch(sessionId, ttl)?.record
    },

    async readState (sessionId) {
      const session = find(sessionId)
      return session && { subscriptions: [...session.subscriptions], listener: session.listener, calls: new Map(session.calls) }
    },

    async change (sessionId, change) {
      const session = find(sessionId)
      if (session !== undefined) apply(session, change)
    },

    async touch (sessionIds, ttl) {
      return sessionIds.filter((sessionId) => touch(sessionId, ttl) === undefined)
    },

    async delete (sessionId) {
      return find(sessionId) !== undefined && sessions.delete(sessionId)
    },

    async count () {
      forgetExpired()
      return sessions.size
    }
  }
}

function apply (session: Kept, change: SessionChange): void {
  switch (change.kind) {
    case 'logLevel': session.record = { ...session.record, logLevel: change.level }; break
    case 'subscribe': session.subscriptions.add(change.uri); break
    case 'unsubscribe': session.subscriptions.delete(change.uri); break
    case 'listen': session.listener = change.node; break
    case 'unlisten': if (session.listener === change.node) session.listener = undefined; break
    case 'begin': session.calls.set(change.streamId, change.ids); break
    case 'end': session.calls.delete(change.streamId)
  }
}
