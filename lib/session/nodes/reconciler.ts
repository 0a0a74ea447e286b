// Keeps the sessions of one node in step with the store: ends those that have ended elsewhere, and stops holding those
// that are idle here.
import type { ClusterNode } from '../../store/cluster.ts'
import type { SessionTable } from '../home.ts'
import type { SessionEnd } from '../../telemetry/events.ts'
import type { Session } from '../session.ts'
import type { SharedSupport } from './shared-support.ts'

/** The settings of a {@link Reconciler}. */
export interface ReconcilerSettings {
  readonly table: SessionTable
  readonly node: ClusterNode
  readonly support: SharedSupport
  /** Milliseconds that a session lives from its last use. */
  readonly ttl: number
  /** The clock, in milliseconds. */
  readonly now: () => number
  /** Called when this node no longer serves a session, which may go on elsewhere. */
  readonly onLeft: (session: Session) => void
}

/** Keeps the sessions of one node in step with the store. */
export class Reconciler {
  readonly #settings: ReconcilerSettings

  constructor (settings: ReconcilerSettings) {
    this.#settings = settings
  }

  /** Lets the sessions that are busy here live on, and stops holding those that were idle for a whole `ttl`. */
  async sweep (): Promise<void> {
    const { table, node, ttl, now } = this.#settings
    const busy: string[] = []
    for (const session of table) {
      if (session.isBusy) busy.push(session.sessionId)
      else if (session.isIdleSince(now() - ttl)) await this.#leaveIdle(session)
    }
    if (busy.length === 0) return
    for (const sessionId of await node.sessions.touch(busy, ttl)) this.closeGone(sessionId)
  }

  /** Finds what happened on other nodes without a message from them, because it was lost or the node died. */
  async check (): Promise<void> {
    const { node, support } = this.#settings
    if (node.isUnreachable) return
    await Promise.all([...support.allStreams].map((streams) => streams.check()))
  }

  /** Makes up for the messages that did not arrive during an outage. */
  async catchUp (): Promise<void> {
    const caughtUp = [...this.#settings.support.allStreams].map((streams) => streams.catchUp())
    await Promise.all([this.sweep(), ...caughtUp])
  }

  /** Ends on this node a session that has ended on all nodes. */
  close (sessionId: string, reason: SessionEnd, why?: string): void {
    const { table, support, onLeft } = this.#settings
    const session = table.get(sessionId)
    if (session === undefined) return
    table.close(session, reason, why)
    support.forget(sessionId)
    onLeft(session)
  }

  /**
   * Ends on this node a session that the store no longer has. The store keeps a session that is busy on any node, so a
   * busy one was deleted on another node, whose message has not arrived yet or was lost.
   */
  closeGone (sessionId: string): undefined {
    this.close(sessionId, this.#settings.table.get(sessionId)?.isBusy === true ? 'deleted' : 'idle')
  }

  /** Stops holding a session, which goes on elsewhere. */
  async leave (session: Session, reason: string): Promise<void> {
    const { table, support, onLeft } = this.#settings
    table.remove(session)
    onLeft(session)
    session.close(reason)
    await support.forget(session.sessionId)?.leave()
  }

  async #leaveIdle (session: Session): Promise<void> {
    const { sessionId } = session
    if (await this.#settings.node.sessions.readState(sessionId) === undefined) this.close(sessionId, 'idle')
    else if (!session.isBusy) await this.leave(session, 'the session goes on elsewhere')
  }
}
