// Several processes that serve the same clients as one: the interface of what they share.
import type { NotificationBus } from './notification-bus.ts'
import type { SharedEventStore } from './event-store.ts'
import type { SessionStore } from './session-store.ts'

/** What the nodes of a cluster share. One object may be joined by several mounts. */
export interface Cluster {
  /** Makes a mount a node. @param mount Its name: nodes of mounts of the same name serve the same sessions. */
  join (mount: string, listeners: ClusterListeners): ClusterNode
}

/** What a node wants to hear of. Each is called once per change of state. */
export interface ClusterListeners {
  /** What nodes share cannot be reached. */
  onAway (error: Error): void
  /** Something that is stored or published cannot be read, of which the node does without. @param what It, in words. */
  onUnreadable? (what: string): void
  /**
   * It could not be reached, but so briefly that what was asked of it has waited. What was published meanwhile is lost,
   * and nothing else.
   */
  onGap? (): void
  /** It can again. What was published meanwhile is lost. */
  onBack (): void
}

/**
 * One mount of one process, in a cluster. While what nodes share is away, as `onAway` was told, all that is asked of it
 * rejects with a {@link ClusterAwayError} at once; nothing waits for it to come back. An implementation may wait a
 * moment before it takes what it cannot reach for away.
 */
export interface ClusterNode {
  /** Unique in the cluster, and new with every start: letters and digits. */
  readonly id: string
  /** The sessions that the nodes serve together. */
  readonly sessions: SessionStore
  /** The events of their streams. */
  readonly events: SharedEventStore
  /** What nodes tell each other. */
  readonly bus: NotificationBus
  /** Whether what nodes share cannot be reached. */
  readonly isAway: boolean
  /** Whether a node has been heard of lately; true, too, where nobody can know yet. */
  isAlive (nodeId: string): Promise<boolean>
  /** The ids of the other nodes of the mount that have been heard of lately, in any order. */
  others (): Promise<readonly string[]>
  /**
   * Says how many places a caller holds by this node from now on. Resolves to false, and changes nothing, when these
   * are more than before, and more than `max` together with those that it holds by other nodes. What a node holds is
   * free again once it closes, or is not alive any more. When it rejects because what nodes share is away, it counts
   * once that is back.
   * @param holder Any text.
   */
  hold (holder: string, count: number, max: number): Promise<boolean>
  /** Takes part. Settles once it does, or once it is clear that it cannot yet, of which `onAway` was told. */
  start (): Promise<void>
  /** Takes part no longer. What was stored stays. */
  close (): Promise<void>
}

/** What nodes share cannot be reached: what was asked of it has not happened, or nobody knows whether it has. */
export class ClusterAwayError extends Error {
  override readonly name = 'ClusterAwayError'
}
