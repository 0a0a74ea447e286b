// What clients post to one node and another one waits for.
import type { NodeLink } from '../cluster/node-link.ts'
import { weigh } from '../protocol/bounds.ts'
import { CANCELLED, readCancellation } from '../protocol/cancellation.ts'
import type { Message, Params, Refusal } from '../protocol/message.ts'

type Notification = Extract<Message, { kind: 'notification' }>
type Response = Extract<Message, { kind: 'response' }>

// A notification that takes more memory stays on the node that got it: no client of today sends one.
const MAX_TOLD_BYTES = 65_536

const ASKED = /^ask-([0-9a-z]+)-\d+$/i

/** Hands on to other nodes what they may wait for. */
export class Forwarder {
  readonly #link: NodeLink
  readonly #nodeId: string
  readonly #tellsNotifications: boolean

  /** @param tellsNotifications Whether the server wants to know of notifications other than cancellations. */
  constructor (link: NodeLink, nodeId: string, tellsNotifications: boolean) {
    this.#link = link
    this.#nodeId = nodeId
    this.#tellsNotifications = tellsNotifications
  }

  /** Hands on the messages of a session. @throws ClusterAwayError */
  async forward (messages: ReadonlyArray<Message | Refusal>, sessionId: string): Promise<void> {
    await Promise.all(messages.map(async (message) => {
      if (message.kind === 'response') await this.#forwardAnswer(message, sessionId)
      else if (message.kind === 'notification') await this.#forwardNotification(message, sessionId)
    }))
  }

  // The id of a question names the node that has asked it.
  async #forwardAnswer ({ id, result, error }: Response, sessionId: string): Promise<void> {
    const [, nodeId = this.#nodeId] = ASKED.exec(String(id)) ?? []
    if (nodeId !== this.#nodeId) await this.#link.deliver(nodeId, { kind: 'answered', sessionId, id, answer: error === undefined ? { result } : { error } })
  }

  async #forwardNotification ({ method, params }: Notification, sessionId: string): Promise<void> {
    if (method === CANCELLED) await this.#forwardCancellation(params, sessionId)
    else if (this.#tellsNotifications && weigh(params, MAX_TOLD_BYTES) <= MAX_TOLD_BYTES) await this.#link.tellAll({ kind: 'notified', sessionId, method, params })
  }

  async #forwardCancellation (params: Params, sessionId: string): Promise<void> {
    const cancellation = readCancellation(params)
    if (cancellation !== undefined) await this.#link.tellAll({ kind: 'cancelled', sessionId, ...cancellation })
  }
}
