// The GET stream of a session in a cluster, as one node sees it: whether this node passes on changes to it, and the
// hand-off of that from node to node.
import type { Connecting } from '../../store/session-store.ts'
import { SharedStream, type SharedResumption } from '../stream/shared-stream.ts'

/** What a GET stream needs of its session. */
export interface GetStreamSession {
  /** The node that this is. */
  readonly nodeId: string
  /** Counts a connection of the client by this node. @throws SessionEndedError */
  connect (streamId: string, nodeId: string): Promise<Connecting>
  /** Whether no later connection to a stream is known of. */
  isLatest (streamId: string, turn: number): boolean
  noteWatched (uri: string, watches: boolean): void
  /** Tells another node that the client is connected here. */
  takeFrom (nodeId: string, streamId: string, turn: number): Promise<void>
  /** Lets those know that wait for the stream, on whatever node. */
  announce (): Promise<void>
  /** Tells the client that all may have changed. */
  tellMissed (): void
}

// The first may come at once.
const CHECKS_UNTIL_MISSED = 2

/** The GET stream of a session, and whether this node passes on changes to it. */
export class GetStream {
  readonly stream: SharedStream
  readonly #session: GetStreamSession
  #isListener = false
  // Counts down while the listener before has not confirmed that it has passed on all changes until now.
  #checksUntilMissed: number | undefined

  constructor (id: string, session: GetStreamSession, resumption: SharedResumption) {
    this.stream = new SharedStream(id, resumption, { claim: (isResumed) => this.#claim(isResumed) })
    this.#session = session
  }

  /**
   * Whether changes are passed on here: where the client has last connected by GET, whether or not it is connected now.
   */
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

  /** The listener before has passed on all changes until now. */
  handedOff (): void {
    this.#checksUntilMissed = undefined
  }

  /** This node may have missed changes, of which the client is to be told. */
  suspect (): void {
    this.#checksUntilMissed = CHECKS_UNTIL_MISSED
  }

  /** Tells the client that all may have changed. */
  tellMissed (): void {
    this.#checksUntilMissed = undefined
    this.#session.tellMissed()
  }

  /** Finds out that the listener before has died without a confirmation. */
  check (): void {
    if (this.#checksUntilMissed === undefined || --this.#checksUntilMissed > 0) return
    this.tellMissed()
  }

  // Nobody has passed on what has changed between the death of the listener before and now; and its silence shows that
  // it has died long before it counts as dead.
  async #claim (isResumed: boolean): Promise<boolean> {
    const { id } = this.stream
    const session = this.#session
    const { turn, state: { listener, subscriptions } } = await session.connect(id, session.nodeId)
    if (!session.isLatest(id, turn)) return false
    for (const uri of subscriptions) session.noteWatched(uri, true)
    this.#isListener = true
    if (listener === undefined) {
      if (isResumed) session.tellMissed()
    } else if (listener !== session.nodeId) {
      this.suspect()
      await session.takeFrom(listener, id, turn)
    }
    await session.announce()
    return session.isLatest(id, turn)
  }
}
