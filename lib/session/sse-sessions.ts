// Sessions of HTTP+SSE (2024-11-05): opened by a stream, before anything is known of the client.
import type { ClientIdentity } from '../protocol/request-meta.ts'
import { SessionManager } from './manager.ts'
import { Session } from './session.ts'

const NOBODY: ClientIdentity = Object.freeze({ capabilities: Object.freeze({}) })

// What a client speaks that says nothing else.
const FIRST_REVISION = '2024-11-05'

/** A session that lives as long as its stream. */
export class SseSession extends Session {
  declare protocolVersion: string
  declare client: ClientIdentity
  #isIntroduced = false

  constructor (principal: string | undefined, now: number) {
    super({ protocolVersion: FIRST_REVISION, client: NOBODY, principal }, now)
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
  /** Opens a session for a stream; undefined when there are too many. */
  openStream (principal: string | undefined): SseSession | undefined {
    return this.admit((now) => new SseSession(principal, now))
  }

  override find (sessionId: string, principal?: string): Session | undefined {
    const session = super.find(sessionId, principal)
    return session instanceof SseSession ? undefined : session
  }
}
