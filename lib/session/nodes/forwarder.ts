// What clients post to one node and another one waits for.
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

// A notification that takes more memory stays on the node that got it: no client of today sends one.
const MAX_TOLD_BYTES = 65_536

const ASKED = /^ask-([0-9a-z]+)-\d+$/i

const UNKNOWN = 'a node of the cluster has not said whether it runs a request with the id that a client has ' +
  'cancelled: none is cancelled'

/** How many requests with an id a node runs; undefined where it has not said. */
interface NodeCount {
  readonly nodeId: string
  readonly count: number | undefined
}

/** How messages are handed on. */
export interface ForwarderSettings {
  /** Whether the server wants to know of notifications other than cancellations. */
  readonly tellsNotifications: boolean
  /** Told of a cancellation that cancels nothing, because it is not certain which request is meant. */
  readonly onUncertain: (requestId: RequestId, why: string) => void
}

/** Hands on to other nodes what they may wait for. */
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
   * Hands on the messages of a session, and cancels what they cancel, on whatever node it runs.
   * @throws ClusterUnreachableError
   */
  async forward (messages: ReadonlyArray<Message | Refusal>, session: Session): Promise<void> {
    await Promise.all(messages.map(async (message) => {
      if (message.kind === 'response') await this.#forwardAnswer(message, session.sessionId)
      else if (message.kind === 'notification') await this.#forwardNotification(message, session)
    }))
  }

  // The id of a question names the node that has asked it.
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
    } else if (this.#settings.tellsNotifications && weigh(params, MAX_TOLD_BYTES) <= MAX_TOLD_BYTES) {
      await this.#link.tellAll({ kind: 'notified', sessionId: session.sessionId, method, params })
    }
  }

  // Cancels the only request with the id that runs on any node.
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
