// The GET stream of a session in a cluster, as one node sees it: whether this node passes on changes to it, and the hand-off
// of that from node to node.
import { SharedStream, type SharedResumption } from '../stream/shared-stream.ts'
import type { SessionHost, SharedSession } from '../shared-session.ts'

// The first may come at once.
const CHECKS_UNTIL_MISSED = 2

/** The GET stream of a session, and whether this node passes on changes to it. */
export class GetStream {
  readonly stream: SharedStream
  readonly #session: SharedSession
  readonly #host: SessionHost
  #isListener = false
  // Counts down while the listener before has not confirmed that it has passed on all changes until now.
  #checksUntilMissed: number | undefined

  constructor (session: SharedSession, host: SessionHost, resumption: SharedResumption) {
    this.stream = new SharedStream(session.listeningId, resumption, { claim: (isResumed) => this.#claim(isResumed) })
    this.#session = session
    this.#host = host
  }

  /** Whether changes are passed on here: where the client has last connected by GET, whether or not it is connected now. */
  get isListener (): boolean { return this.#isListener }

  /**
   * Ends the connection, because the client has one to another node.
   * @returns Whether all changes until now were passed on, by this node or by those that listened before.
   */
  handOff (): boolean {
    const isComplete = this.#isListener && this.#checksUntilMissed === undefined
    this.#isListener = false
    this.#checksUntilMissed = undefined
    this.stream.release()
    return isComplete
  }

  /** This node may have missed changes, of which the client is to be told. */
  suspect (): void {
    this.#checksUntilMissed = CHECKS_UNTIL_MISSED
  }

  /** Tells the client that all may have changed. */
  tellMissed (): void {
    this.#checksUntilMissed = undefined
    this.#host.onMissed(this.#session)
  }

  /** The listener before has passed on all changes until now. */
  handedOff (): void {
    this.#checksUntilMissed = undefined
  }

  /** Finds out that the listener before has died without a confirmation. */
  check (): void {
    if (this.#checksUntilMissed === undefined || --this.#checksUntilMissed > 0) return
    this.tellMissed()
  }

  // Nobody has passed on what has changed between the death of the listener before and now; and its silence shows that it has
  // died long before it counts as dead.
  async #claim (isResumed: boolean): Promise<boolean> {
    const { id } = this.stream
    const session = this.#session
    const { sessionId } = session
    const { node, link, onMissed } = this.#host
    const { turn, state: { listener, subscriptions } } = await session.connect(id, node.id)
    if (!session.isLatest(id, turn)) return false
    for (const uri of subscriptions) session.watch(uri, true)
    this.#isListener = true
    if (listener === undefined) {
      if (isResumed) onMissed(session)
    } else if (listener !== node.id) {
      this.suspect()
      await link.tell(listener, { kind: 'taken', sessionId, streamId: id, turn })
    }
    await link.announce(sessionId)
    session.opened()
    return session.isLatest(id, turn)
  }
}

/** A session has ended while its client was about to be connected. */
export class SessionEndedError extends Error {
  override readonly name = 'SessionEndedError'
}
