// Publishes which sessions open and end.
import type { ClientIdentity } from '../protocol/client-identity.ts'
import { sessions } from './channels.ts'
import type { MountIdentity, SessionEnd, SessionEvent } from './events.ts'
import { hashSessionId } from './session-hash.ts'

/** A session that opens or ends. */
interface PublishedSession {
  readonly sessionId: string
  readonly protocolVersion: string
  readonly client: ClientIdentity
}

/** Publishes which sessions of one mount open and end. */
export class SessionPublisher {
  readonly #identity: MountIdentity
  // Only of sessions that opened while there were subscribers.
  readonly #openedAt = new WeakMap<PublishedSession, number>()

  constructor (identity: MountIdentity) {
    this.#identity = identity
  }

  /** Publishes that a session has opened. */
  opened (session: PublishedSession): void {
    if (!sessions.hasSubscribers) return
    this.#openedAt.set(session, performance.now())
    this.#publish(session, { kind: 'opened' })
  }

  /** Publishes that a session has ended. */
  ended (session: PublishedSession, reason: SessionEnd): void {
    if (!sessions.hasSubscribers) return
    const openedAt = this.#openedAt.get(session)
    const duration = openedAt === undefined ? undefined : performance.now() - openedAt
    this.#publish(session, { kind: 'ended', reason, ...(duration !== undefined && { duration }) })
  }

  #publish (
    { sessionId, protocolVersion: revision, client: { info: client } }: PublishedSession,
    what: Pick<SessionEvent, 'kind' | 'reason' | 'duration'>
  ): void {
    const event: SessionEvent = {
      ...this.#identity, ...what, session: hashSessionId(sessionId), revision, ...(client !== undefined && { client })
    }
    sessions.publish(event)
  }
}
