// The other nodes of a mount: which of them have died, and which serve something else.
import type { ClusterPeer, PeerDifference } from '../../telemetry/events.ts'
import { describeNode, findDifference, type Description, type Served } from './description.ts'
import type { NodeLink } from './node-link.ts'

/** What a {@link Peers} needs. */
export interface PeersEnvironment {
  readonly link: Pick<NodeLink, 'send' | 'broadcast'>
  /** Whether a node has given a sign of life lately. */
  isAlive (nodeId: string): Promise<boolean>
  /** Returns what this node serves now. */
  describe (): Served
  /** Called when a node has died. */
  onDead (peer: ClusterPeer): void
  /** Called when a node serves something else, once for each state of both. */
  onDifferent (peer: ClusterPeer, difference: PeerDifference): void
}

interface Known {
  readonly description: Description
  /** The differences that have been reported. */
  readonly reported: Set<string>
  /** The difference that the last check found. */
  suspected?: string | undefined
}

// How many differences of one node are reported.
const MAX_REPORTS = 20

/** The other nodes of a mount. */
export class Peers {
  readonly #environment: PeersEnvironment
  readonly #known = new Map<string, Known>()
  // The nodes that have been sent the description of this one.
  readonly #told = new Set<string>()
  #own: Description | undefined

  constructor (environment: PeersEnvironment) {
    this.#environment = environment
  }

  /** Has this node described again, because what it serves has changed. */
  changed (): void {
    this.#own = undefined
    this.#told.clear()
  }

  /** Has every node told again, because messages may have been lost. */
  missed (): void {
    this.#told.clear()
  }

  /** Takes the description of a node. @param asks Whether that node needs the description of this one. */
  described (nodeId: string, description: Description, asks: boolean): void {
    this.#known.set(nodeId, { description, reported: this.#known.get(nodeId)?.reported ?? new Set() })
    if (asks) this.#told.delete(nodeId)
  }

  /** Forgets a node that leaves. */
  left (nodeId: string): void {
    this.#known.delete(nodeId)
    this.#told.delete(nodeId)
  }

  /**
   * Finds dead nodes, and nodes that serve something else, and tells the others what this one serves. A difference must
   * last from one check to the next, because nodes do not change at the same moment.
   * @param living The other nodes that are alive.
   */
  async check (living: readonly string[]): Promise<void> {
    await this.#findDead(new Set(living))
    this.#own ??= describeNode(this.#environment.describe())
    for (const nodeId of living) {
      const peer = this.#known.get(nodeId)
      if (peer !== undefined) this.#compare(nodeId, peer, this.#own)
      if (this.#told.has(nodeId)) continue
      this.#told.add(nodeId)
      const asks = peer === undefined
      await this.#environment.link.send(nodeId, { kind: 'serves', description: this.#own, asks })
        .catch((error: unknown) => {
          this.#told.delete(nodeId)
          throw error
        })
    }
  }

  /** Tells the other nodes that this one leaves, so that they do not take it for dead. */
  async leave (): Promise<void> {
    await this.#environment.link.broadcast({ kind: 'leaves' })
  }

  async #findDead (living: ReadonlySet<string>): Promise<void> {
    for (const nodeId of this.#told) if (!living.has(nodeId)) this.#told.delete(nodeId)
    for (const [nodeId, peer] of this.#known) {
      if (living.has(nodeId) || await this.#environment.isAlive(nodeId) || this.#known.get(nodeId) !== peer) continue
      this.#known.delete(nodeId)
      this.#environment.onDead(identify(nodeId, peer.description))
    }
  }

  #compare (nodeId: string, peer: Known, own: Description): void {
    const difference = findDifference(own, peer.description)
    const state = difference && JSON.stringify([own.digest, own.keys, peer.description.digest, peer.description.keys])
    const isLasting = state === peer.suspected
    peer.suspected = state
    if (difference === undefined || state === undefined || !isLasting) return
    if (peer.reported.has(state) || peer.reported.size >= MAX_REPORTS) return
    peer.reported.add(state)
    this.#environment.onDifferent(identify(nodeId, peer.description), difference)
  }
}

function identify (node: string, { host, pid, version }: Description): ClusterPeer {
  return { node, host, pid, ...(version !== undefined && { version }) }
}
