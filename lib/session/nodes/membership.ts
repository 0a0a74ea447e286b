// One mount as a node of a cluster: its sessions, its places, and the changes that it exchanges with other nodes.
import type { FastifyBaseLogger } from 'fastify'
import type { ChangeHub, ChangeLink } from '../../notify/change-hub.ts'
import type { PlaceLink } from '../../notify/subscriptions.ts'
import { shorten } from '../../protocol/bounds.ts'
import type { ChangeEvent } from '../../protocol/change.ts'
import type { Params } from '../../protocol/message.ts'
import type { LogFailure } from '../log-failure.ts'
import type { Session } from '../session.ts'
import { Sessions } from '../sessions.ts'
import type { SessionSettings } from '../settings.ts'
import { limitStore, standIn } from '../store-limit.ts'
import { ClusterUnreachableError } from '../../errors.ts'
import type { Cluster, ClusterNode } from '../../store/cluster.ts'
import { cluster as channel } from '../../telemetry/channels.ts'
import type { ClusterEvent, ClusterPeer, MountIdentity } from '../../telemetry/events.ts'
import type { Served } from './description.ts'
import { describeDifference, describePeer } from './peer-report.ts'
import { Peers } from './peers.ts'
import { SharedHome } from './shared-home.ts'

/** The mount that is a node. */
export interface Member {
  readonly name: string
  readonly identity: MountIdentity
  readonly log: FastifyBaseLogger
  readonly changes: Pick<ChangeHub, 'notifyClients' | 'notifySubscribers' | 'notifySession' | 'notifyAll'>
  /** Whether the server handles notifications of clients. */
  readonly isNotified: boolean
  /** Called when a client has sent a notification to another node. */
  onNotified (session: Session, method: string, params: Params): void
  /** Called when this node no longer serves a session, which may go on elsewhere. */
  onLeft (session: Session): void
  /** Returns what the mount serves now. */
  describe (): Served
  readonly logFailure: LogFailure
}

/** The state of a cluster. */
export interface ClusterState {
  /** Whether what the nodes share can be reached, such as Redis. */
  readonly reachable: boolean
  /** How many processes serve the mount, as of the last two seconds; during an outage, before it. */
  readonly nodes: number
}

// Milliseconds between two looks at the other nodes.
const LOOK_INTERVAL = 2000

/** One mount as a node of a cluster. */
export class Membership implements ChangeLink, PlaceLink {
  readonly sessions: Sessions<SharedHome>
  readonly #node: ClusterNode
  readonly #member: Member
  readonly #unreadable = new Set<string>()
  readonly #peers: Peers
  #nodes = 1
  #looking: NodeJS.Timeout | undefined

  constructor (cluster: Cluster, settings: SessionSettings, member: Member) {
    const { name, log, changes, logFailure } = member
    this.#member = member
    const node = limitNode(cluster.join(name, {
      onOutage: (error) => this.#logOutage(error),
      onRecovery: () => { this.#recover() },
      onGap: () => { this.#catchUp() },
      onPresumedDead: () => { this.#presumedDead() },
      onUnreadable: (what) => this.#logUnreadable(what)
    }), settings.storeTimeout)
    this.#node = node
    this.sessions = new Sessions({
      logFailure,
      createHome: (table) => new SharedHome(settings, {
        table,
        node,
        forwardsNotifications: member.isNotified,
        onUncertain: (requestId, why) => { log.info({ mcp: name, requestId: shorten(String(requestId)) }, why) },
        logFailure,
        onMissed: (session) => changes.notifySession(session),
        onNotified: (session, method, params) => member.onNotified(session, method, params),
        onChanged: (events) => changes.notifyClients(events),
        onChangesMissed: () => changes.notifyAll(),
        onDescribed: (...told) => this.#peers.described(...told),
        onNodeLeft: (nodeId) => this.#peers.left(nodeId),
        onLeft: (session) => member.onLeft(session)
      })
    })
    this.#peers = new Peers({
      link: this.sessions.home.link,
      isAlive: (nodeId) => node.isAlive(nodeId),
      describe: () => member.describe(),
      onDead: (peer) => { this.#reportDead(peer) },
      onDifferent: (peer, difference) => {
        this.#publish({ kind: 'different', peer, difference })
        log.warn({ mcp: name, peer, difference }, `${describePeer(peer)} differs: ${describeDifference(difference)}`)
      }
    })
  }

  /** Joins the cluster. */
  async start (): Promise<void> {
    // Listens before other nodes know of this one, so that it receives their messages.
    this.sessions.start()
    await this.#node.start()
    this.lookAround()
    this.#looking = setInterval(() => { this.lookAround() }, LOOK_INTERVAL).unref()
  }

  /** The state of the cluster, as this node knows it. */
  get state (): ClusterState {
    return { reachable: !this.#node.isUnreachable, nodes: this.#nodes }
  }

  /** Counts the other nodes, and finds those that have died or serve something else. Called every two seconds. */
  async lookAround (): Promise<void> {
    try {
      const living = await this.#node.others()
      this.#nodes = living.length + 1
      await this.#peers.check(living)
    } catch (error) {
      this.#logUnlessOutage(error, 'looking at the other nodes')
    }
  }

  /** Leaves the cluster. The sessions go on elsewhere. */
  async stop (): Promise<void> {
    clearInterval(this.#looking)
    await this.sessions.stop()
    await this.#peers.leave().catch((error: unknown) => this.#logUnlessOutage(error, 'leaving the cluster'))
    await this.#node.close()
  }

  /**
   * Publishes changes to the other nodes, in an outage after it. Resolves once they are published, or the node has
   * stopped.
   */
  async publish (events: readonly ChangeEvent[]): Promise<void> {
    if (events.some(({ kind }) => kind !== 'resource')) this.#peers.changed()
    try {
      await this.sessions.home.changes.publish(events)
    } catch (error) {
      if (!(error instanceof ClusterUnreachableError)) throw error
    }
  }

  // Logs each kind of data once, because its cause will produce it again.
  #logUnreadable (what: string): void {
    if (this.#unreadable.has(what)) return
    this.#unreadable.add(what)
    const { log, name } = this.#member
    const cause = 'another version or program has written it to the store of the cluster'
    log.error({ mcp: name }, `${what} cannot be read and is ignored: ${cause}`)
  }

  /**
   * Sets the number of places that a holder has on this node. Never rejects: during an outage each node counts only its
   * own places.
   */
  async hold (holder: string, count: number, max: number): Promise<boolean> {
    try {
      return await this.#node.hold(holder, count, max)
    } catch (error) {
      this.#logUnlessOutage(error, "counting callers' places")
      return true
    }
  }

  #logUnlessOutage (error: unknown, what: string): void {
    if (!(error instanceof ClusterUnreachableError)) this.#member.logFailure(error, what)
  }

  #reportDead (peer: ClusterPeer): void {
    const { log, name } = this.#member
    this.#publish({ kind: 'dead', peer })
    log.warn({ mcp: name, peer }, `${describePeer(peer)} gives no sign of life: the calls that it served are lost`)
  }

  #logOutage (err: Error): void {
    const { log, name } = this.#member
    this.#publish({ kind: 'unreachable', error: err })
    const effect = 'until it can, legacy clients get 503; modern ones are served'
    log.error({ err, mcp: name }, `the cluster cannot be reached: ${effect}`)
  }

  async #recover (): Promise<void> {
    const { log, name } = this.#member
    this.#publish({ kind: 'reachable' })
    log.info({ mcp: name }, 'the cluster can be reached again')
    await this.#catchUp()
  }

  #presumedDead (): void {
    const { log, name } = this.#member
    const effect = 'other nodes may have taken it for dead, so the open questions to its clients have failed'
    this.#publish({ kind: 'presumed_dead' })
    log.warn({ mcp: name }, `this node gave no sign of life in time: ${effect}`)
    this.sessions.home.presumedDead()
  }

  #publish (what: Omit<ClusterEvent, keyof MountIdentity>): void {
    const event: ClusterEvent = { ...this.#member.identity, ...what }
    channel.publish(event)
  }

  async #catchUp (): Promise<void> {
    this.#peers.missed()
    await this.sessions.home.recover()
    this.#member.changes.notifySubscribers()
  }
}

// One operation may be several commands, each of which has a time limit of the cluster's own.
const TIMEOUTS_OF_OPERATION = 3

// Returns a node whose operations reject as in an outage if they do not settle in time.
function limitNode (node: ClusterNode, storeTimeout: number | undefined): ClusterNode {
  if (storeTimeout === undefined || storeTimeout === 0) return node
  const createError = (message: string): Error => new ClusterUnreachableError(message)
  const limit = { timeout: TIMEOUTS_OF_OPERATION * storeTimeout, createError }
  const stores = new Map<string | symbol, object>([
    ['sessions', limitStore(node.sessions, limit)],
    ['events', limitStore(node.events, limit)],
    ['bus', limitStore(node.bus, limit)]
  ])
  return standIn(node, (member, name) => {
    const own: unknown = typeof member === 'function' ? member.bind(node) : member
    return stores.get(name) ?? own
  })
}
