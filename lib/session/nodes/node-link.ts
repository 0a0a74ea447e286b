// How the nodes of a mount reach each other.
import { randomUUID } from 'node:crypto'
import { ClusterUnreachableError, type ClusterNode } from '../../store/cluster.ts'
import { encodeNodeMessage, parseNodeMessage, type Envelope, type NodeMessage } from './node-message.ts'

/** How long the delivery of a message may take. All durations are milliseconds. */
export interface DeliverySettings {
  /** Without a confirmation for so long the message is sent again. */
  readonly retryDelay: number
  /** After so long it is not sent any more. */
  readonly timeout: number
}

/** What is done with a message of another node; it returns the answer, where the message is a question. */
export type NodeListener = (message: NodeMessage, from: string) => number | undefined

type Receipt = Pick<Extract<NodeMessage, { kind: 'received' }>, 'count'>

type LinkedNode = Pick<ClusterNode, 'id' | 'bus' | 'isAlive'>

const ALL = 'all'

// Longer than a node takes to come back to a Redis that is there again, and than a dead one counts as alive by default.
const DELIVERY: DeliverySettings = { retryDelay: 250, timeout: 15_000 }

// Nothing goes on at a dead node.
const DEAD: Receipt = { count: 0 }

// How many different problems with messages are logged.
const MAX_PROBLEMS = 20

/** The way from one node to the others. */
export class NodeLink {
  readonly #node: LinkedNode
  readonly #onFailure: (error: unknown, what: string) => void
  readonly #delivery: DeliverySettings
  readonly #undelivered = new Map<string, (received?: Receipt) => void>()
  readonly #problems = new Set<string>()

  /** @param onFailure Called for a message that is ignored, and for a listener that throws. */
  constructor (
    node: LinkedNode, onFailure: (error: unknown, what: string) => void, delivery: DeliverySettings = DELIVERY
  ) {
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
   * Tells one node, and resolves once that node has the message, or is dead. A bus forgets what it carries: it takes a
   * message for a node that has lost its connection a moment ago. So the message is sent until the node confirms it; it
   * may arrive twice.
   * @throws ClusterUnreachableError when the node is alive and does not confirm it in time.
   */
  async deliver (nodeId: string, message: NodeMessage): Promise<void> {
    if (await this.#exchange(nodeId, message) !== undefined) return
    const { timeout } = this.#delivery
    const problem = `is alive, but has not confirmed a message within ${timeout} ms`
    throw new ClusterUnreachableError(`the node ${nodeId} ${problem}`)
  }

  /**
   * Asks one node for a number, in the same way. Resolves to 0 for a dead node, and to undefined for one that does not
   * answer in time, or does not know the question because it runs another version.
   */
  async ask (nodeId: string, question: NodeMessage): Promise<number | undefined> {
    return (await this.#exchange(nodeId, question))?.count
  }

  // Resolves to undefined when the node is alive and does not confirm the message in time.
  async #exchange (nodeId: string, message: NodeMessage): Promise<Receipt | undefined> {
    const receipt = randomUUID()
    const end = performance.now() + this.#delivery.timeout
    try {
      do {
        const received = this.#untilReceived(receipt)
        await this.#publish(topicOf(nodeId), message, receipt)
        const answer = await received
        if (answer !== undefined) return answer
        if (!await this.#node.isAlive(nodeId)) return DEAD
      } while (performance.now() < end)
    } finally {
      this.#undelivered.get(receipt)?.()
      this.#undelivered.delete(receipt)
    }
  }

  /** Listens to the other nodes, and learns which one it is; the function returned ends it. */
  listen (listener: NodeListener): () => void {
    const topics = [ALL, topicOf(this.#node.id)]
    const ends = topics.map((topic) => this.#node.bus.subscribe(topic, (text) => this.#hear(text, listener)))
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
    const envelope = receipt === undefined ? { ...message, from } : { ...message, from, receipt }
    await this.#node.bus.publish(topic, encodeNodeMessage(envelope))
  }

  #untilReceived (receipt: string): Promise<Receipt | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), this.#delivery.retryDelay)
      this.#undelivered.set(receipt, (received) => { clearTimeout(timer); resolve(received) })
    })
  }

  // Whatever is on the bus must not end the process.
  #hear (text: string, listener: NodeListener): void {
    const message = parseNodeMessage(text)
    if (typeof message === 'string') return this.#ignore(message)
    if (message.from === this.#node.id) return
    if (message.kind === 'received') return this.#undelivered.get(message.receipt)?.(message)
    let count: number | undefined
    try {
      count = listener(message, message.from)
    } catch (error) {
      this.#onFailure(error, `handling a message of kind '${message.kind}'`)
    }
    this.#confirm(message, count)
  }

  #confirm ({ receipt, from }: Envelope, count: number | undefined): void {
    if (receipt === undefined) return
    // Where it gets lost, the message comes again.
    const told = this.tell(from, { kind: 'received', receipt, ...(count !== undefined && { count }) })
    told.catch((error: unknown) => this.#onFailure(error, 'the way to another node'))
  }

  // Nodes of two versions may exchange many messages.
  #ignore (problem: string): void {
    if (this.#problems.has(problem) || this.#problems.size >= MAX_PROBLEMS) return
    this.#problems.add(problem)
    const error = new Error(`${problem}; this message is ignored, and so are further ones like it`)
    this.#onFailure(error, 'reading a message of another node')
  }
}

function topicOf (nodeId: string): string {
  return `node:${nodeId}`
}

function topicOfSession (sessionId: string): string {
  return `session:${sessionId}`
}
