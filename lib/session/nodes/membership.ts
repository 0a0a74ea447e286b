// One mount as a node of a cluster: its sessions, and what it and the others tell each other.
import type { FastifyBaseLogger } from 'fastify'
import type { ChangeHub, ChangeLink } from '../../notify/change-hub.ts'
import type { PlaceLink } from '../../notify/subscriptions.ts'
import { shorten } from '../../protocol/bounds.ts'
import type { ChangeEvent } from '../../protocol/change.ts'
import type { Params } from '../../protocol/message.ts'
import type { Session } from '../session.ts'
import { Sessions } from '../sessions.ts'
import type { SessionSettings } from '../settings.ts'
import { limitStore, standIn } from '../store-limit.ts'
import { ClusterUnreachableError, type Cluster, type ClusterNode } from '../../store/cluster.ts'
import { SharedHome } from './shared-home.ts'

/** The mount that is a node. */
export interface Member {
  readonly name: string
  readonly log: FastifyBaseLogger
  readonly changes: Pick<ChangeHub, 'tell' | 'tellAll' | 'tellSession'>
  /** Whether the server wants to know of the notifications of clients. */
  readonly isNotified: boolean
  /** A client has sent a notification to another node. */
  onNotified (session: Session, method: string, params: Params): void
  /** Nothing goes on here any more in a session. */
  onLeft (session: Session): void
  /** Something has failed of which no client hears. */
  onFailure (error: unknown, what: string): void
}

/** One mount as a node of a cluster. */
export class Membership implements ChangeLink, PlaceLink {
  readonly sessions: Sessions<SharedHome>
  readonly #node: ClusterNode
  readonly #member: Member
  readonly #unreadable = new Set<string>()

  constructor (cluster: Cluster, settings: SessionSettings, member: Member) {
    const { name, log, changes } = member
    const onFailure = (error: unknown, what: string): void => member.onFailure(error, what)
    this.#member = member
    const node = limitNode(cluster.join(name, {
      onOutage: (error) => this.#away(error),
      onRecovery: () => { this.#back() },
      onGap: () => { this.#catchUp() },
      onUnreadable: (what) => this.#ignored(what)
    }), settings.storeTimeout)
    this.#node = node
    this.sessions = new Sessions({
      onFailure,
      createHome: (table) => new SharedHome(settings, {
        table,
        node,
        tellsNotifications: member.isNotified,
        onUncertain: (requestId, why) => { log.info({ mcp: name, requestId: shorten(String(requestId)) }, why) },
        onFailure,
        onMissed: (session) => changes.tellSession(session),
        onNotified: (session, method, params) => member.onNotified(session, method, params),
        onTold: (message) => { if (message.kind === 'changed') changes.tell(message.events) },
        onLeft: (session) => member.onLeft(session)
      })
    })
  }

  /** Begins to take part. */
  async start (): Promise<void> {
    // Whoever is known to be there has to hear what it is told.
    this.sessions.start()
    await this.#node.start()
  }

  /** Takes part no longer; the sessions go on elsewhere. */
  async stop (): Promise<void> {
    await this.sessions.stop()
    await this.#node.close()
  }

  /**
   * Tells the other nodes of changes. When none of them can be told, they will learn that they have missed something.
   */
  async publish (events: readonly ChangeEvent[]): Promise<void> {
    try {
      await this.sessions.home.link.tellAll({ kind: 'changed', events })
    } catch (error) {
      if (!(error instanceof ClusterUnreachableError)) throw error
    }
  }

  // One line each, however often that happens: whatever is a cause of it, it happens again.
  #ignored (what: string): void {
    if (this.#unreadable.has(what)) return
    this.#unreadable.add(what)
    const { log, name } = this.#member
    const cause = 'another version or program has written it to the store of the cluster'
    log.error({ mcp: name }, `${what} cannot be read and is ignored: ${cause}`)
  }

  /**
   * Tells the other nodes how many places a caller holds here. Never rejects: while they cannot be told, each node
   * gives out its own.
   */
  async hold (holder: string, count: number, max: number): Promise<boolean> {
    try {
      return await this.#node.hold(holder, count, max)
    } catch (error) {
      if (!(error instanceof ClusterUnreachableError)) this.#member.onFailure(error, "the count of callers' places")
      return true
    }
  }

  #away (err: Error): void {
    const { log, name } = this.#member
    const effect = 'until it can, legacy clients get 503; modern ones are served'
    log.error({ err, mcp: name }, `the cluster cannot be reached: ${effect}`)
  }

  async #back (): Promise<void> {
    const { log, name } = this.#member
    log.info({ mcp: name }, 'the cluster can be reached again')
    await this.#catchUp()
  }

  async #catchUp (): Promise<void> {
    await this.sessions.home.back()
    this.#member.changes.tellAll()
  }
}

// One operation may be several commands, each of which has a time limit of the cluster's own.
const TIMEOUTS_OF_OPERATION = 3

// What does not answer in time is away.
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
