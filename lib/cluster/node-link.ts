// What the nodes of a mount tell each other.
import type { ChangeEvent } from '../protocol/change.ts'
import type { Params, RequestId } from '../protocol/message.ts'
import { isWireObject } from '../protocol/message.ts'
import type { Answer } from '../session/questions.ts'
import type { ClusterNode } from './cluster.ts'

/** What a node tells another one, or all others. What is not known to a node, of another version, it passes over. */
export type NodeMessage =
  /** Something has changed of which clients want to hear. */
  | { readonly kind: 'changed', readonly events: readonly ChangeEvent[] }
  /** A client has answered a question of the node that is told. */
  | { readonly kind: 'answered', readonly sessionId: string, readonly id: RequestId, readonly answer: Answer }
  | { readonly kind: 'cancelled', readonly sessionId: string, readonly requestId: RequestId, readonly reason: string }
  /** A client has sent some other notification. */
  | { readonly kind: 'notified', readonly sessionId: string, readonly method: string, readonly params: Params }
  /** A session has ended. */
  | { readonly kind: 'ended', readonly sessionId: string, readonly reason: 'deleted' | 'refused' | 'displaced' }
  /** A client has connected to a stream by another node. */
  | { readonly kind: 'taken', readonly sessionId: string, readonly streamId: string }
  /** In answer: until now what has changed was passed on. */
  | { readonly kind: 'handed', readonly sessionId: string }
  /** The connection of a session's GET stream is to be ended, whoever has it. */
  | { readonly kind: 'paused', readonly sessionId: string }
  /** A client wants, or no longer wants, to hear of the changes of a resource. */
  | { readonly kind: 'watched', readonly sessionId: string, readonly uri: string, readonly watches: boolean }

const ALL = 'all'

/** The way from one node to the others. */
export class NodeLink {
  readonly #node: Pick<ClusterNode, 'id' | 'bus'>

  constructor (node: Pick<ClusterNode, 'id' | 'bus'>) {
    this.#node = node
  }

  /** Tells all other nodes. */
  async tellAll (message: NodeMessage): Promise<void> {
    await this.#publish(ALL, message)
  }

  /** Tells one node. */
  async tell (nodeId: string, message: NodeMessage): Promise<void> {
    await this.#publish(topicOf(nodeId), message)
  }

  /** Listens to the other nodes, and learns which one it is; the function returned ends it. */
  listen (listener: (message: NodeMessage, from: string) => void): () => void {
    const hear = (text: string): void => {
      const message = parse(text)
      if (message !== undefined && message.from !== this.#node.id) listener(message, message.from)
    }
    const ends = [ALL, topicOf(this.#node.id)].map((topic) => this.#node.bus.subscribe(topic, hear))
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

  async #publish (topic: string, message: NodeMessage): Promise<void> {
    await this.#node.bus.publish(topic, JSON.stringify({ ...message, from: this.#node.id }))
  }
}

function topicOf (nodeId: string): string {
  return `node:${nodeId}`
}

function topicOfSession (sessionId: string): string {
  return `session:${sessionId}`
}

// What is on the bus comes from nodes; what is no JSON comes from somebody else.
function parse (text: string): NodeMessage & { readonly from: string } | undefined {
  try {
    const message: unknown = JSON.parse(text)
    return isWireObject(message) ? message as object as NodeMessage & { readonly from: string } : undefined
  } catch {
    return undefined
  }
}
