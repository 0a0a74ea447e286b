// The GET stream of a session in a cluster, as one node sees it. One node passes on changes to it, and hands that over
// when the client connects to another node.
import type { Connecting } from '../../store/session-store.ts'
import { SharedStream, type SharedResumption } from '../stream/shared-stream.ts'

/** What a GET stream needs from its session. */
export interface GetStreamSession {
  /** The id of this node. */
  readonly nodeId: string
  /** Counts a connection of the client to this node. @throws SessionEndedError */
  connect (streamId: string, nodeId: string): Promise<Connecting>
  /** Whether this node knows of no later connection to the stream. */
  isLatest (streamId: string, turn: number): boolean
  noteWatched (uri: string, watches: boolean): void
  /** Notifies another node that the client is connected here. */
  takeFrom (nodeId: string, streamId: string, turn: number): Promise<void>
  /** Wakes the calls that wait for the stream, on all nodes. */
  announce (): Promise<void>
  /** Sends the client a change of everything that it watches. */
  notifyMissed (): void
}

// Two, because the first check may follow at once.
const CHECKS_UNTIL_MISSED = 2

/** The GET stream of a session, and whether this node passes on changes to it. */
export class GetStream {
  readonly stream: SharedStream
  readonly #session: GetStreamSession
  #isListener = false
  // Counts down until the previous node confirms that it passed on all changes; undefined after that.
  #checksUntilMissed: number | undefined

  constructor (id: string, session: GetStreamSession, resumption: SharedResumption) {
    this.stream = new SharedStream(id, resumption, { claim: (isResumed) => this.#claim(isResumed) })
    this.#session = session
  }

  /** Whether this node passes on changes: the client's last GET came here, whether or not it is still connected. */
  get isListener (): boolean { return this.#isListener }

  /**
   * Ends the connection, because the client has connected to another node.
   * @returns Whether this node, and those before it, passed on all changes up to now.
   */
  handOff (): boolean {
    const isComplete = this.#isListener && this.#checksUntilMissed === undefined
    this.#isListener = false
    this.#checksUntilMissed = undefined
    this.stream.release()
    return isComplete
  }

  /** Called when the previous node confirms that it passed on all changes up to now. */
  handOffConfirmed (): void {
    this.#checksUntilMissed = undefined
  }

  /** Notes that this node may have missed changes. */
  suspect (): void {
    this.#checksUntilMissed = CHECKS_UNTIL_MISSED
  }

  /** Sends the client a change of everything that it watches. */
  notifyMissed (): void {
    this.#checksUntilMissed = undefined
    this.#session.notifyMissed()
  }

  /**
   * Sends the client a change of everything, if the previous node has not confirmed within two checks. It has probably
   * died, long before it counts as dead, and changes since its death were not passed on.
   */
  check (): void {
    if (this.#checksUntilMissed === undefined || --this.#checksUntilMissed > 0) return
    this.notifyMissed()
  }

  async #claim (isResumed: boolean): Promise<boolean> {
    const { id } = this.stream
    const session = this.#session
    const { turn, state: { listener, subscriptions } } = await session.connect(id, session.nodeId)
    if (!session.isLatest(id, turn)) return false
    for (const uri of subscriptions) session.noteWatched(uri, true)
    this.#isListener = true
    if (listener === undefined) {
      if (isResumed) session.notifyMissed()
    } else if (listener !== session.nodeId) {
      this.suspect()
      await session.takeFrom(listener, id, turn)
    }
    await session.announce()
    return session.isLatest(id, turn)
  }
}
