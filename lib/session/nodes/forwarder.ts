// Forwards what a client posts to this node to the node that waits for it.
import type { ClusterNode } from '../../store/cluster.ts'
import type { NodeLink } from './node-link.ts'
import { weigh } from '../../protocol/bounds.ts'
import { AMBIGUOUS, readCancellation, type Cancellation } from '../../protocol/cancellation.ts'
import type { Message, RequestId } from '../../protocol/message.ts'
import { Method } from '../../protocol/methods.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import type { Session } from '../session.ts'

type Notification = Extract<Message, { kind: 'notification' }>
type Response = Extract<Message, { kind: 'response' }>

// The most bytes in memory of a notification that is forwarded. No client of today sends a larger one.
const MAX_FORWARDED_BYTES = 65_536

// The id of a question, with the id of the node that asks it.
const ASKED = /^ask-([0-9a-z]+)-\d+$/i

const UNKNOWN = 'nothing was cancelled: a node of the cluster did not answer whether it also runs a request with the ' +
  'cancelled id'

/** The number of requests with an id that a node runs; undefined if it did not answer. */
interface NodeCount {
  readonly nodeId: string
  readonly count: number | undefined
}

/** The settings of a {@link Forwarder}. */
export interface ForwarderSettings {
  /** Whether notifications other than cancellations are forwarded. */
  readonly forwardsNotifications: boolean
  /** Called with a cancellation that cancels nothing, because it is not certain which request the client means. */
  readonly onUncertain: (requestId: RequestId, why: string) => void
}

/** Forwards messages to the nodes that wait for them. */
export class Forwarder {
  readonly #link: NodeLink
  readonly #node: Pick<ClusterNode, 'id' | 'others'>
  readonly #settings: ForwarderSettings

  constructor (link: NodeLink, node: Pick<ClusterNode, 'id' | 'others'>, settings: ForwarderSettings) {
    this.#link = link
    this.#node = node
    this.#settings = settings
  }

  /**
   * Forwards the messages of a session, and cancels the requests that they cancel, on whatever node these run.
   * @throws ClusterUnreachableError
   */
  async forward (messages: ReadonlyArray<Message | Refusal>, session: Session): Promise<void> {
    await Promise.all(messages.map(async (message) => {
      if (message.kind === 'response') await this.#forwardAnswer(message, session.sessionId)
      else if (message.kind === 'notification') await this.#forwardNotification(message, session)
    }))
  }

  async #forwardAnswer ({ id, result, error }: Response, sessionId: string): Promise<void> {
    const [, nodeId = this.#node.id] = ASKED.exec(String(id)) ?? []
    if (nodeId === this.#node.id) return
    const answer = error === undefined ? { result } : { error }
    await this.#link.deliver(nodeId, { kind: 'answered', sessionId, id, answer })
  }

  async #forwardNotification ({ method, params }: Notification, session: Session): Promise<void> {
    if (method === Method.Cancelled) {
      const cancellation = readCancellation(params)
      if (cancellation !== undefined) await this.#cancel(cancellation, session)
    } else if (this.#settings.forwardsNotifications && weigh(params, MAX_FORWARDED_BYTES) <= MAX_FORWARDED_BYTES) {
      await this.#link.broadcast({ kind: 'notified', sessionId: session.sessionId, method, params })
    }
  }

  // Cancels a request if it is the only one with its id on all nodes.
  async #cancel ({ requestId, reason }: Cancellation, session: Session): Promise<void> {
    const { sessionId } = session
    const here = session.awaiting(requestId)
    const elsewhere = here.length > 1 ? [] : await this.#countElsewhere(requestId, sessionId)
    const total = elsewhere.reduce((sum, { count = 0 }) => sum + count, here.length)
    if (total > 1) return this.#settings.onUncertain(requestId, AMBIGUOUS)
    if (elsewhere.some(({ count }) => count === undefined)) return this.#settings.onUncertain(requestId, UNKNOWN)
    here[0]?.cancel(reason)
    for (const { nodeId, count } of elsewhere) {
      if (count === 1) await this.#link.deliver(nodeId, { kind: 'cancelled', sessionId, requestId, reason })
    }
  }

  async #countElsewhere (requestId: RequestId, sessionId: string): Promise<readonly NodeCount[]> {
    const others = await this.#node.others()
    return await Promise.all(others.map(async (nodeId) => {
      const count = await this.#link.ask(nodeId, { kind: 'awaited', sessionId, requestId })
      return { nodeId, count }
    }))
  }
}
