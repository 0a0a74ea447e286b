// How the nodes of a mount reach each other.
import { randomUUID } from 'node:crypto'
import { ClusterAwayError, type ClusterNode } from './cluster.ts'
import { encodeNodeMessage, parseNodeMessage, type Envelope, type NodeMessage } from './node-message.ts'

/** How long the delivery of a message may take. All durations are milliseconds. */
export interface DeliverySettings {
  /** Without a confirmation for so long the message is sent again. */
  readonly retryDelay: number
  /** After so long it is not sent any more. */
  readonly timeout: number
}

type LinkedNode = Pick<ClusterNode, 'id' | 'bus' | 'isAlive'>

const ALL = 'all'

// Longer than a node takes to come back to a Redis that is there again, and than a dead one counts as alive by default.
const DELIVERY: DeliverySettings = { retryDelay: 250, timeout: 15_000 }

// How many different problems with messages are logged.
const MAX_PROBLEMS = 20

/** The way from one node to the others. */
export class NodeLink {
  readonly #node: LinkedNode
  readonly #onFailure: (error: unknown, what: string) => void
  readonly #delivery: DeliverySettings
  readonly #undelivered = new Map<string, () => void>()
  readonly #problems = new Set<string>()

  /** @param onFailure Called for a message that is ignored, and for a listener that throws. */
  constructor (node: LinkedNode, onFailure: (error: unknown, what: string) => void, delivery: DeliverySettings = DELIVERY) {
    this.#node = node
    this.#onFailure = onFailure
    this.#delivery = delivery
  }

  /** Tells all other nodes. Those that cannot be reached at this moment never hear of it. */
  async tellAll (message: NodeMessage): Promise<void> {
    await this.#publish(ALL, message)
  }

  /** Tells one node, which never hears of it when it cannot be reached at this moment. */
  async tell (nodeId: string, message: NodeMessage): Promise<void> {
    await this.#publish(topicOf(nodeId), message)
  }

  /**
   * Tells one node, and resolves once that node has the message, or is dead. A bus forgets what it carries: it takes a message
   * for a node that has lost its connection a moment ago. So the message is sent until the node confirms it; it may arrive twice.
   * @throws ClusterAwayError when the node is alive and does not confirm it in time.
   */
  async deliver (nodeId: string, message: NodeMessage): Promise<void> {
    const receipt = randomUUID()
    const end = performance.now() + this.#delivery.timeout
    try {
      do {
        const isReceived = this.#untilReceived(receipt)
        await this.#publish(topicOf(nodeId), message, receipt)
        if (await isReceived || !await this.#node.isAlive(nodeId)) return
      } while (performance.now() < end)
    } finally {
      this.#undelivered.get(receipt)?.()
      this.#undelivered.delete(receipt)
    }
    throw new ClusterAwayError(`the node ${nodeId} is alive, but has not confirmed a message within ${this.#delivery.timeout} ms`)
  }

  /** Listens to the other nodes, and learns which one it is; the function returned ends it. */
  listen (listener: (message: NodeMessage, from: string) => void): () => void {
    const ends = [ALL, topicOf(this.#node.id)].map((topic) => this.#node.bus.subscribe(topic, (text) => this.#hear(text, listener)))
    return () => { for (const end of ends) end() }
  }

  /** Tells whoever waits for it, on whatever node, that the stream of a session has been opened by GET. */
  async announce (sessionId: string): Promise<void> {
    await this.#node.bus.publish(topicOfSession(sessionId), '')
  }

  /** Waits for such an announcement, again and again; the function returned ends it. */
  onAnnounced (sessionId: string, listener: () => void): () => void {
    return this.#node.bus.subscribe(topicOfSession(sessionId), listener)
  }

  async #publish (topic: string, message: NodeMessage, receipt?: string): Promise<void> {
    const from = this.#node.id
    await this.#node.bus.publish(topic, encodeNodeMessage(receipt === undefined ? { ...message, from } : { ...message, from, receipt }))
  }

  #untilReceived (receipt: string): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), this.#delivery.retryDelay)
      this.#undelivered.set(receipt, () => { clearTimeout(timer); resolve(true) })
    })
  }

  // Whatever is on the bus must not end the process.
  #hear (text: string, listener: (message: NodeMessage, from: string) => void): void {
    const message = parseNodeMessage(text)
    if (typeof message === 'string') return this.#ignore(message)
    if (message.from === this.#node.id) return
    if (message.kind === 'received') return this.#undelivered.get(message.receipt)?.()
    try {
      listener(message, message.from)
    } catch (error) {
      this.#onFailure(error, `handling a message of kind '${message.kind}'`)
    }
    this.#confirm(message)
  }

  #confirm ({ receipt, from }: Envelope): void {
    if (receipt === undefined) return
    // Where it gets lost, the message comes again.
    this.tell(from, { kind: 'received', receipt }).catch((error: unknown) => this.#onFailure(error, 'the way to another node'))
  }

  // Nodes of two versions may exchange many messages.
  #ignore (problem: string): void {
    if (this.#problems.has(problem) || this.#problems.size >= MAX_PROBLEMS) return
    this.#problems.add(problem)
    this.#onFailure(new Error(`${problem}; this message is ignored, and so are further ones like it`), 'reading a message of another node')
  }
}

function topicOf (nodeId: string): string {
  return `node:${nodeId}`
}

function topicOfSession (sessionId: string): string {
  return `session:${sessionId}`
}
