// The stream that the client of a shared session opens by GET, as one node sees it: whether changes are passed on to it here.
import { FollowedStream, type SharedResumption } from './followed-stream.ts'
import type { SessionHost, SharedSession } from './shared-session.ts'

// The first may come at once.
const CHECKS_UNTIL_MISSED = 2

/** The stream of a shared session that its client opens by GET. */
export class GetStream extends FollowedStream {
  readonly #session: SharedSession
  readonly #host: SessionHost
  #isListener = false
  // While the node that listened before has not confirmed that it has passed on all until now.
  #checksUntilMissed: number | undefined

  constructor (session: SharedSession, host: SessionHost, resumption: SharedResumption) {
    super(session.listeningId, resumption)
    this.#session = session
    this.#host = host
  }

  /** Whether changes are passed on here: where the client has connected last by GET, be it connected now or not. */
  get isListener (): boolean { return this.#isListener }

  /**
   * Ends the connection, because the client has one to another node.
   * @returns Whether changes were passed on here until now.
   */
  handOver (): boolean {
    const wasListener = this.#isListener
    this.#isListener = false
    this.release()
    return wasListener
  }

  /** The node that listened before has passed on all that has changed until now. */
  handedOver (): void {
    this.#checksUntilMissed = undefined
  }

  /** Finds out that the node that listened before has died before it could tell. */
  check (): void {
    if (this.#checksUntilMissed === undefined || --this.#checksUntilMissed > 0) return
    this.#checksUntilMissed = undefined
    this.#host.onMissed(this.#session)
  }

  // What has changed between the death of the one that listened before and now, nobody has passed on; and whether it has died
  // shows by its silence long before it counts as dead.
  protected override async claim (isResumed: boolean): Promise<boolean> {
    const session = this.#session
    const { sessionId } = session
    const { node, link, onMissed } = this.#host
    const { turn, state: { listener, subscriptions } } = await session.connect(this.id, node.id)
    if (!session.isLatest(this.id, turn)) return false
    for (const uri of subscriptions) session.watch(uri, true)
    this.#isListener = true
    if (listener === undefined) {
      if (isResumed) onMissed(session)
    } else if (listener !== node.id) {
      this.#checksUntilMissed = CHECKS_UNTIL_MISSED
      await link.tell(listener, { kind: 'taken', sessionId, streamId: this.id, turn })
    }
    await link.announce(sessionId)
    session.opened()
    return session.isLatest(this.id, turn)
  }
}

/** A session has ended while its client was about to be connected. */
export class SessionEndedError extends Error {
  override readonly name = 'SessionEndedError'
}
