// Sessions of HTTP+SSE (2024-11-05): opened by a stream, before anything is known of the client.
import type { ClientIdentity } from '../protocol/client-identity.ts'
import type { NoPlace } from '../shares/shares.ts'
import { SessionManager, type SessionOwner } from './manager.ts'
import { Session, type SessionOpening } from './session.ts'

const NOBODY: ClientIdentity = Object.freeze({ capabilities: Object.freeze({}) })

// What a client speaks that says nothing else.
const FIRST_REVISION = '2024-11-05'

/** A session that lives as long as its stream. */
export class SseSession extends Session {
  declare protocolVersion: string
  declare client: ClientIdentity
  #isIntroduced = false

  constructor (owner: Omit<SessionOpening, 'protocolVersion' | 'client'>, now: number) {
    super({ protocolVersion: FIRST_REVISION, client: NOBODY, ...owner }, now)
  }

  /** Whether the client has said who it is, or gone on without. */
  get isIntroduced (): boolean { return this.#isIntroduced }

  /** Takes what `initialize` says, or what has to do for a client that goes on without: one that can do nothing for the server. */
  introduce (protocolVersion = FIRST_REVISION, client = NOBODY): void {
    this.#isIntroduced = true
    this.protocolVersion = protocolVersion
    this.client = client
  }
}

/** The sessions of a mount that serves HTTP+SSE besides; those of the one transport are not found by the other. */
export class SseSessions extends SessionManager {
  /** Opens a session for a stream, or tells why there is no place for it. */
  openStream (owner: SessionOwner = {}): SseSession | NoPlace {
    return this.admit(owner, (now) => new SseSession({ ...owner, watching: this.watching }, now))
  }

  override find (sessionId: string, principal?: string): Session | undefined {
    const session = super.find(sessionId, principal)
    return session instanceof SseSession ? undefined : session
  }
}
