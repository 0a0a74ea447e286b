// Publishes the changes of one node to the others. What an outage keeps back is published after it.
import { topicOf, type ChangeEvent } from '../../protocol/change.ts'
import type { NodeLink } from './node-link.ts'
import type { NodeMessage } from './node-message.ts'
import type { Outage } from './outage.ts'

// The most changes that wait. If there are more, the other nodes learn only that they missed some.
const MAX_WAITING = 1000

/** Publishes the changes of one node to the others. */
export class ChangePublisher {
  readonly #link: Pick<NodeLink, 'broadcast'>
  readonly #outage: Pick<Outage, 'insist'>
  readonly #waiting = new Map<string, ChangeEvent>()
  #hasDropped = false
  #work: Promise<void> | undefined

  constructor (link: Pick<NodeLink, 'broadcast'>, outage: Pick<Outage, 'insist'>) {
    this.#link = link
    this.#outage = outage
  }

  /**
   * Publishes changes; resolves once they are published, which in an outage is after it. Another node may be back
   * before this one, and has then made up for the changes that it missed, so this node must not drop its own.
   * @throws ClusterUnreachableError if the node stops before.
   */
  publish (events: readonly ChangeEvent[]): Promise<void> {
    for (const event of events) {
      if (this.#waiting.size < MAX_WAITING) this.#waiting.set(topicOf(event), event)
      else this.#hasDropped = true
    }
    this.#work ??= this.#workOff().finally(() => { this.#work = undefined })
    return this.#work
  }

  // If one message cannot be published, the others still are.
  async #workOff (): Promise<void> {
    const failures: unknown[] = []
    while (this.#waiting.size > 0) {
      const message = this.#take()
      await this.#outage.insist(() => this.#link.broadcast(message)).catch((error: unknown) => { failures.push(error) })
    }
    if (failures.length > 0) throw failures[0]
  }

  #take (): NodeMessage {
    const message: NodeMessage = this.#hasDropped
      ? { kind: 'missed' }
      : { kind: 'changed', events: [...this.#waiting.values()] }
    this.#waiting.clear()
    this.#hasDropped = false
    return message
  }
}
