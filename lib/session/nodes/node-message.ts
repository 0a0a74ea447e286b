// The messages that the nodes of a mount send each other, and how one is read that may come from anybody.
import type { ChangeEvent } from '../../protocol/change.ts'
import { isRequestId, isWireObject, type Params, type RequestId, type WireObject } from '../../protocol/message.ts'
import type { Answer } from '../questions.ts'

/**
 * A message from one node to another, or to all others. A node ignores unknown kinds: nodes of other versions send
 * them.
 */
export type NodeMessage =
  /** Something has changed that clients may want to hear of. */
  | { readonly kind: 'changed', readonly events: readonly ChangeEvent[] }
  /** A client has answered a question of the node that receives this. */
  | { readonly kind: 'answered', readonly sessionId: string, readonly id: RequestId, readonly answer: Answer }
  /** Asks how many requests with an id wait for an answer at the node that receives this; its confirmation says so. */
  | { readonly kind: 'awaited', readonly sessionId: string, readonly requestId: RequestId }
  /** A client has cancelled a request; the node that receives this ends it, where it is the only one with that id. */
  | { readonly kind: 'cancelled', readonly sessionId: string, readonly requestId: RequestId, readonly reason: string }
  /** A client has sent some other notification. */
  | { readonly kind: 'notified', readonly sessionId: string, readonly method: string, readonly params: Params }
  /** A session has ended. */
  | { readonly kind: 'ended', readonly sessionId: string, readonly reason: 'deleted' | 'refused' | 'displaced' }
  /** A client has connected to a stream by the node that sends this. The connection of the highest turn stays. */
  | { readonly kind: 'taken', readonly sessionId: string, readonly streamId: string, readonly turn: number }
  /** The reply to it: the sender has passed on all changes until now. */
  | { readonly kind: 'handed', readonly sessionId: string }
  /** The node that holds the connection of the session's GET stream must end it. */
  | { readonly kind: 'paused', readonly sessionId: string }
  /** A client has subscribed to the changes of a resource, or no longer is. */
  | { readonly kind: 'watched', readonly sessionId: string, readonly uri: string, readonly watches: boolean }
  /** A message that was sent with this receipt has arrived. `count` answers the question in it, if it was one. */
  | { readonly kind: 'received', readonly receipt: string, readonly count?: number }

/** A message as it travels. */
export type Envelope = NodeMessage & {
  /** The node that has sent it. */
  readonly from: string
  /** What the sender wants to be told once it has arrived. */
  readonly receipt?: string
}

const isText = (value: unknown): value is string => typeof value === 'string'

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0

// What a message of each kind must have, besides the session that most are about.
const SHAPES: { readonly [kind in NodeMessage['kind']]: (message: WireObject) => boolean } = {
  changed: ({ events }) => Array.isArray(events),
  answered: ({ id, answer }) => isRequestId(id) && isWireObject(answer),
  awaited: ({ requestId }) => isRequestId(requestId),
  cancelled: ({ requestId, reason }) => isRequestId(requestId) && isText(reason),
  notified: ({ method, params }) => isText(method) && isWireObject(params),
  ended: ({ reason }) => reason === 'deleted' || reason === 'refused' || reason === 'displaced',
  taken: ({ streamId, turn }) => isText(streamId) && Number.isSafeInteger(turn),
  handed: () => true,
  paused: () => true,
  watched: ({ uri, watches }) => isText(uri) && typeof watches === 'boolean',
  received: ({ receipt, count }) => isText(receipt) && (count === undefined || isCount(count))
}

const WITHOUT_SESSION: ReadonlySet<unknown> = new Set<NodeMessage['kind']>(['changed', 'received'])

/** Writes a message. */
export function encodeNodeMessage (message: Envelope): string {
  return JSON.stringify(message)
}

/** Reads a message; a sentence that says what is wrong, when it is none that this node knows. */
export function parseNodeMessage (text: string): Envelope | string {
  const message = parseJson(text)
  if (!isWireObject(message) || !isText(message.from)) return 'it is no message of a node'
  const { kind } = message
  if (!isText(kind) || !Object.hasOwn(SHAPES, kind)) return `the kind ${quote(kind)} is unknown`
  // `kind` is one of the keys.
  const hasShape = SHAPES[kind as NodeMessage['kind']](message)
  const hasSession = WITHOUT_SESSION.has(kind) || isText(message.sessionId)
  const isWellFormed = hasShape && hasSession && isTextOrNothing(message.receipt)
  if (!isWellFormed) return `a message of kind '${kind}' has not the shape of one`
  const known = kind === 'changed' ? { ...message, events: knownEvents(message.events) } : message
  // It has the shape of its kind.
  return known as object as Envelope
}

// A newer version may have kinds of changes that no client of this one can have asked for.
function knownEvents (events: unknown): readonly ChangeEvent[] {
  // `changed` has an array.
  return (events as readonly unknown[]).filter(isChangeEvent)
}

function isChangeEvent (event: unknown): event is ChangeEvent {
  if (!isWireObject(event)) return false
  const { kind, uri } = event
  return kind === 'resource' ? isText(uri) : kind === 'tools' || kind === 'prompts' || kind === 'resources'
}

function isTextOrNothing (value: unknown): boolean {
  return value === undefined || isText(value)
}

function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const LONGEST_QUOTE = 40

// What comes from elsewhere is short in a log.
function quote (value: unknown): string {
  return isText(value) ? JSON.stringify(value.slice(0, LONGEST_QUOTE)) : `of type ${typeof value}`
}
