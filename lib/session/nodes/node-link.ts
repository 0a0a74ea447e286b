// Carries messages between the nodes of a mount.
import { randomUUID } from 'node:crypto'
import { ClusterUnreachableError } from '../../errors.ts'
import type { ClusterNode } from '../../store/cluster.ts'
import type { LogFailure } from '../log-failure.ts'
import {
  encodeNodeMessage, parseNodeMessage, type Envelope, type NodeAnswer, type NodeMessage
} from './node-message.ts'

/** How long the delivery of a message may take. All durations are milliseconds. */
export interface DeliverySettings {
  /** The time without a confirmation after which the message is sent again. */
  readonly retryDelay: number
  /** The time after which delivery fails. */
  readonly timeout: number
}

/** Called with each message of another node. Returns the answer if the message asks for one. */
export type NodeListener = (message: NodeMessage, from: string) => NodeAnswer | undefined

type LinkedNode = Pick<ClusterNode, 'id' | 'bus' | 'isAlive'>

const ALL = 'all'

// By default a node reconnects to Redis, and a dead node no longer counts as alive, within this timeout.
const DELIVERY: DeliverySettings = { retryDelay: 250, timeout: 15_000 }

// A dead node runs no requests.
const DEAD: NodeAnswer = { count: 0 }

// Each kind of problem with messages is logged once, up to this number of kinds.
const MAX_PROBLEMS = 20

/** Connects one node to the others. */
export class NodeLink {
  readonly #node: LinkedNode
  readonly #logFailure: LogFailure
  readonly #delivery: DeliverySettings
  readonly #undelivered = new Map<string, (received?: NodeAnswer) => void>()
  readonly #problems = new Set<string>()

  /** @param logFailure Called when a message is ignored, and when a listener throws. */
  constructor (node: LinkedNode, logFailure: LogFailure, delivery: DeliverySettings = DELIVERY) {
    this.#node = node
    this.#logFailure = logFailure
    this.#delivery = delivery
  }

  /** Sends a message to all other nodes. Nodes that cannot be reached at this moment never receive it. */
  async broadcast (message: NodeMessage): Promise<void> {
    await this.#publish(ALL, message)
  }

  /** Sends a message to one node. If that node cannot be reached at this moment, it never receives the message. */
  async send (nodeId: string, message: NodeMessage): Promise<void> {
    await this.#publish(topicOf(nodeId), message)
  }

  /**
   * Sends a message to one node; resolves once that node has confirmed it, or is dead. The bus loses the messages of a
   * node whose connection has just broken, so the message is repeated until it is confirmed, and may arrive twice.
   * @throws ClusterUnreachableError if the node is alive and does not confirm the message in time.
   */
  async deliver (nodeId: string, message: NodeMessage): Promise<void> {
    if (await this.#exchange(nodeId, message) !== undefined) return
    const { timeout } = this.#delivery
    const problem = `is alive, but has not confirmed a message within ${timeout} ms`
    throw new ClusterUnreachableError(`the node ${nodeId} ${problem}`)
  }

  /**
   * Asks one node for a number, as reliably as {@link deliver}. Resolves to 0 for a dead node, and to undefined if the
   * node does not answer in time, or does not know the question because it runs another version.
   */
  async ask (nodeId: string, question: NodeMessage): Promise<number | undefined> {
    return (await this.#exchange(nodeId, question))?.count
  }

  /** Asks one node for numbers, as {@link ask} does for one. Resolves to none for a dead node. */
  async askMany (nodeId: string, question: NodeMessage): Promise<readonly number[]> {
    return (await this.#exchange(nodeId, question))?.counts ?? []
  }

  // Resolves to undefined if the node is alive and does not confirm the message in time.
  async #exchange (nodeId: string, message: NodeMessage): Promise<NodeAnswer | undefined> {
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

  /** Adds the listener of this node's messages. @returns A function that removes it. */
  listen (listener: NodeListener): () => void {
    const topics = [ALL, topicOf(this.#node.id)]
    const ends = topics.map((topic) => this.#node.bus.subscribe(topic, (text) => this.#receive(text, listener)))
    return () => { for (const end of ends) end() }
  }

  /** Announces to all nodes that the client of a session has opened the GET stream. */
  async announce (sessionId: string): Promise<void> {
    await this.#node.bus.publish(topicOfSession(sessionId), '')
  }

  /** Adds a listener of these announcements. @returns A function that removes it. */
  onAnnounced (sessionId: string, listener: () => void): () => void {
    return this.#node.bus.subscribe(topicOfSession(sessionId), listener)
  }

  async #publish (topic: string, message: NodeMessage, receipt?: string): Promise<void> {
    const from = this.#node.id
    const envelope = receipt === undefined ? { ...message, from } : { ...message, from, receipt }
    await this.#node.bus.publish(topic, encodeNodeMessage(envelope))
  }

  #untilReceived (receipt: string): Promise<NodeAnswer | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), this.#delivery.retryDelay)
      this.#undelivered.set(receipt, (received) => { clearTimeout(timer); resolve(received) })
    })
  }

  // No message may end the process: other versions and programs may publish on the bus, too.
  #receive (text: string, listener: NodeListener): void {
    const message = parseNodeMessage(text)
    if (typeof message === 'string') return this.#ignore(message)
    if (message.from === this.#node.id) return
    if (message.kind === 'received') return this.#undelivered.get(message.receipt)?.(message)
    let answer: NodeAnswer | undefined
    try {
      answer = listener(message, message.from)
    } catch (error) {
      this.#logFailure(error, `handling a message of kind '${message.kind}'`)
    }
    this.#confirm(message, answer)
  }

  #confirm ({ receipt, from }: Envelope, answer: NodeAnswer | undefined): void {
    if (receipt === undefined) return
    // If the confirmation is lost, the message arrives again.
    const sent = this.send(from, { kind: 'received', receipt, ...answer })
    sent.catch((error: unknown) => this.#logFailure(error, 'sending a message to another node'))
  }

  // Each problem is logged once, because nodes of two versions may exchange many messages.
  #ignore (problem: string): void {
    if (this.#problems.has(problem) || this.#problems.size >= MAX_PROBLEMS) return
    this.#problems.add(problem)
    const error = new Error(`${problem}; it is ignored, and later messages like it are ignored without a log line`)
    this.#logFailure(error, 'reading a message of another node')
  }
}

function topicOf (nodeId: string): string {
  return `node:${nodeId}`
}

function topicOfSession (sessionId: string): string {
  return `session:${sessionId}`
}
