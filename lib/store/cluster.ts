// A cluster, in which several processes serve the same clients as one: the interface of what they share.
import type { NotificationBus } from './notification-bus.ts'
import type { SharedEventStore } from './event-store.ts'
import type { SessionStore } from './session-store.ts'

/** What the nodes of a cluster share. Several mounts may join one object. */
export interface Cluster {
  /** Makes a mount a node. @param mount Its name. Mounts of the same name serve the same sessions. */
  join (mount: string, listeners: ClusterListeners): ClusterNode
}

/** The listeners of a node. Each is called once per change of state. */
export interface ClusterListeners {
  /** Called when an outage begins: what nodes share cannot be reached. */
  onOutage (error: Error): void
  /** Called when stored or published data cannot be read; the node does without it. @param what The data, in words. */
  onUnreadable? (what: string): void
  /**
   * Called after an interruption that was too brief to count as an outage, in which operations only waited. Only
   * messages published meanwhile are lost.
   */
  onGap? (): void
  /**
   * Called when other nodes may have found this one dead although it is alive, because it could not give a sign of life
   * for too long. They have answered its calls, and dropped messages to it.
   */
  onPresumedDead? (): void
  /** Called when an outage ends. Messages published meanwhile are lost. */
  onRecovery (): void
}

/**
 * One mount of one process, in a cluster. During an outage, from `onOutage` to `onRecovery`, every operation rejects
 * with a {@link ClusterUnreachableError} at once; none waits for the end of the outage. An implementation may wait a
 * moment before it takes a lost connection for an outage.
 */
export interface ClusterNode {
  /** Unique in the cluster, and new with every start: letters and digits. */
  readonly id: string
  /** The sessions that the nodes serve together. */
  readonly sessions: SessionStore
  /** The events of their streams. */
  readonly events: SharedEventStore
  /** The messages between nodes. */
  readonly bus: NotificationBus
  /** Whether there is an outage. */
  readonly isUnreachable: boolean
  /** Resolves to whether a node has given a sign of life lately; also to true if that cannot be known yet. */
  isAlive (nodeId: string): Promise<boolean>
  /** Resolves to the ids of the mount's other nodes that have given a sign of life lately, in any order. */
  others (): Promise<readonly string[]>
  /**
   * Sets the number of places that a holder has on this node. Resolves to false, and changes nothing, if the number is
   * higher than before and the holder would have more than `max` places on all nodes. The places of a node are free
   * again when it closes or is no longer alive. If this rejects because of an outage, the number takes effect when the
   * outage ends.
   * @param holder Any text.
   */
  hold (holder: string, count: number, max: number): Promise<boolean>
  /** Starts the node. Resolves once it takes part, or once `onOutage` has reported that it cannot yet. */
  start (): Promise<void>
  /** Stops the node. The backend keeps what it has stored. */
  close (): Promise<void>
}
